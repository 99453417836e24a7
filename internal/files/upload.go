package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

const (
	// storeTimeout bounds how long all files of one upload take from their arrival to where they live.
	storeTimeout = 10 * time.Minute
	// maxFields is how many parts an upload may have that are no files.
	maxFields = 50
	// maxField is how much one of them may hold, in bytes.
	maxField = 64 << 10
	// maxBetween is how much there may be between the contents of two parts, in bytes: a boundary and
	// headers, which are kept in memory. Before the first there may be a preamble, too.
	maxBetween = 64 << 10
	// drainSize and drainTime bound what is taken of a body that is refused.
	drainSize = 1 << 20
	drainTime = 5 * time.Second
	// draftLife is how long nobody may have written to a draft before it counts as left over.
	draftLife = 2 * time.Hour
)

// received is an upload that has arrived and is nowhere else than in drafts.
type received struct {
	files   []chat.File
	drafts  []Draft
	sum     chat.FileSum // of them and of what the session keeps
	private bool
	digest  hash.Hash // of what the files say and are called
}

func (u *received) discard() {
	for _, d := range u.drafts {
		d.Discard()
	}
}

// Upload receives the files of a multipart/form-data request (TWIN, section 7: parts file[],
// private) into a session. Either all of them are kept, durably, or none. Nothing is ever unpacked:
// an archive is bytes. The caller bounds how long the body may take, see Arriving.
func (s *Service) Upload(r *http.Request, sessionID string, idem chat.Idempotency) (*chat.FilesResult, error) {
	result, err := s.upload(r, sessionID, idem)
	if err != nil {
		drain(r)
	}
	return result, err
}

// upload gives its place and its drafts back before it returns, so that who is refused holds nothing.
func (s *Service) upload(r *http.Request, sessionID string, idem chat.Idempotency) (*chat.FilesResult, error) {
	kept, err := s.Domain.MayUpload(r.Context(), sessionID, s.Limits.Session, idem)
	if err != nil {
		return nil, err
	}
	leave, err := s.enter(r.Context(), sessionID, s.address(r))
	if err != nil {
		return nil, err
	}
	defer leave()
	up := &received{digest: sha256.New(), sum: kept}
	defer up.discard()
	metered := &meter{ReadCloser: r.Body}
	r = r.WithContext(r.Context()) // a copy: what is refused is drained without the meter
	r.Body = metered
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, chat.Invalid("Content-Type", "expected multipart/form-data with a boundary")
	}
	if err := s.receive(parts, metered, up); err != nil {
		return nil, err
	}
	idem.BodyHash = hex.EncodeToString(up.digest.Sum(nil))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeTimeout)
	defer cancel()
	return s.keep(ctx, sessionID, up, idem)
}

// drain takes what is still on its way of a body that is refused, within bounds: who is in the
// middle of sending hears nothing. Who has asked before sending waits for the answer.
func drain(r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return
	}
	if a, ok := r.Body.(*arriving); ok {
		a.endWithin(drainTime)
	}
	_, _ = io.CopyN(io.Discard, r.Body, drainSize)
}

// receive takes all parts.
func (s *Service) receive(parts *multipart.Reader, metered *meter, up *received) error {
	for fields := 0; ; {
		metered.bound()
		part, err := parts.NextRawPart()
		metered.lift()
		if err == io.EOF { //nolint:errorlint // a wrapped one is of parts that are cut off
			break
		}
		if err != nil {
			return arrival(err)
		}
		switch name := part.FormName(); {
		case isFile(name):
			err = s.receiveFile(part, up)
		case fields == maxFields:
			err = chat.Errorf(chat.CodeTooLarge, "expected at most %d parts that are no files", maxFields)
		default:
			fields++
			err = receiveField(name, part, up)
		}
		if err != nil {
			return err
		}
	}
	if len(up.files) == 0 {
		return chat.Invalid("file[]", "expected a part with a file")
	}
	for i := range up.files {
		up.files[i].Private = up.private
	}
	fmt.Fprintln(up.digest, up.private)
	return nil
}

// isFile takes file[], file, and file[0] and the like of PHP.
func isFile(name string) bool { return name == "file" || strings.HasPrefix(name, "file[") }

func receiveField(name string, part io.Reader, up *received) error {
	text, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil {
		return arrival(err)
	}
	if len(text) > maxField {
		return &chat.Error{Code: chat.CodeTooLarge, Field: cleanName(name), Message: fmt.Sprintf("expected at most %d bytes", maxField)}
	}
	if name != "private" {
		return nil
	}
	switch strings.ToLower(strings.TrimSpace(string(text))) {
	case "1", "true", "on":
		up.private = true
	case "", "0", "false", "off":
		up.private = false
	default:
		return chat.Invalid("private", "expected true or false")
	}
	return nil
}

func (s *Service) receiveFile(part *multipart.Part, up *received) error {
	field := fmt.Sprintf("file[%d]", len(up.files))
	if len(up.files) == s.Limits.PerRequest {
		return &chat.Error{Code: chat.CodeTooLarge, Field: field, Message: fmt.Sprintf("expected at most %d files", s.Limits.PerRequest)}
	}
	if part.FileName() == "" {
		return chat.Invalid(field, "expected a file, with a filename")
	}
	if err := s.Limits.Session.Allow(up.sum.Plus(1)); err != nil {
		return err
	}
	draft, err := s.Blobs.Begin()
	if err != nil {
		return storing(err)
	}
	up.drafts = append(up.drafts, draft)
	f := chat.File{Name: cleanName(part.FileName())}
	content := sha256.New()
	var head []byte
	f.Size, head, err = copyTo(draft, content, io.LimitReader(part, min(s.Limits.MaxSize, s.Limits.Session.Bytes-up.sum.Bytes)+1))
	up.sum = up.sum.Plus(f.Size)
	switch {
	case err != nil:
		return err
	case f.Size > s.Limits.MaxSize:
		return &chat.Error{Code: chat.CodeTooLarge, Field: field, Message: fmt.Sprintf("a file may have at most %d bytes", s.Limits.MaxSize)}
	case f.Size == 0:
		return chat.Invalid(field, "the file is empty")
	}
	if err := s.Limits.Session.Allow(up.sum); err != nil {
		return err
	}
	f.ContentType = contentType(head, f.Name)
	up.files = append(up.files, f)
	fmt.Fprintf(up.digest, "%q %x\n", f.Name, content.Sum(nil))
	return nil
}

// copyTo takes a file's bytes and returns the first of them, too.
func copyTo(draft io.Writer, content hash.Hash, from io.Reader) (size int64, head []byte, err error) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			head = append(head, buf[:min(n, sniffed-len(head))]...)
			content.Write(buf[:n])
			size += int64(n)
			if _, err := draft.Write(buf[:n]); err != nil {
				return size, head, storing(err)
			}
		}
		if err == io.EOF { //nolint:errorlint // a wrapped one is of parts that are cut off
			return size, head, nil
		}
		if err != nil {
			return size, head, arrival(err)
		}
	}
}

// arrival says why a body could not be received.
func arrival(err error) error {
	var known *chat.Error
	if errors.As(err, &known) {
		return known
	}
	message := "the body is not valid multipart/form-data"
	switch {
	case errors.Is(err, multipart.ErrMessageTooLarge):
		return chat.Errorf(chat.CodeTooLarge, "a part has too many headers")
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		message = "the body ends before its end"
	case errors.Is(err, os.ErrDeadlineExceeded):
		message = "the body arrives too slowly"
	}
	return &chat.Error{Code: chat.CodeInvalid, Message: message, Err: err}
}

// keep takes what has arrived to where it lives.
func (s *Service) keep(ctx context.Context, sessionID string, up *received, idem chat.Idempotency) (*chat.FilesResult, error) {
	announced, err := s.Domain.AnnounceFiles(ctx, chat.AnnounceParams{
		SessionID: sessionID, Files: up.files, Limits: s.Limits.Session, Idempotency: idem,
	})
	if err != nil || announced.Done {
		return announced, err
	}
	for i, d := range up.drafts {
		if err := d.Commit(ctx, announced.Files[i].Blob); err != nil {
			s.drop(ctx, announced.Files)
			return nil, storing(err)
		}
	}
	result, err := s.Domain.FinishFiles(ctx, announced, idem)
	if err != nil {
		s.drop(ctx, announced.Files)
		if chat.CodeOf(err) == chat.CodeNotFound {
			s.removeLate(ctx, announced.Files)
			return nil, busy("the files took too long to be stored")
		}
		return nil, err
	}
	if !result.Done {
		add(s.Metrics.Stored, float64(len(result.Files)))
		for i := range result.Files {
			add(s.Metrics.Bytes, float64(result.Files[i].Size))
		}
	}
	return result, nil
}

// drop has files that did not become ready removed soon. Without it they are by their age.
func (s *Service) drop(ctx context.Context, files []chat.File) {
	if err := s.Domain.DropFiles(context.WithoutCancel(ctx), files); err != nil && chat.CodeOf(err) != chat.CodeUnavailable {
		s.Log.ErrorContext(ctx, "files that were not stored wait to be removed by their age", "error", err)
	}
}

// removeLate removes bytes that arrived after their rows had been given up.
func (s *Service) removeLate(ctx context.Context, files []chat.File) {
	for i := range files {
		if err := s.Blobs.Delete(ctx, files[i].Blob); err != nil {
			s.Log.ErrorContext(ctx, "the bytes of a file that came too late stay behind", "blob", files[i].Blob, "error", err)
		}
	}
}
