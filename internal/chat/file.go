package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// File is what a client has sent up. Its bytes are where Blob says (package files).
type File struct {
	Key         int64
	ID          string // UUID v4
	SessionKey  int64  // the session it was sent up in
	ClientKey   int64  // that session's client, who may attach it
	Name        string // as people see it
	ContentType string // by what is in it
	Size        int64  // bytes
	Blob        string // name of the bytes in their storage
	Private     bool   // as the client wished; links are signed either way
	State       FileState
	CreatedAt   time.Time
}

// FileState is how far a file's life has come. It only grows, so that removing the bytes can never
// meet a message that refers to them.
type FileState string

// The states of a file.
const (
	FilePending FileState = "pending" // announced; its bytes are on their way to where they live
	FileReady   FileState = "ready"   // its bytes are there, no message refers to it
	FileUsed    FileState = "used"    // a message refers to it; it stays
	FileDoomed  FileState = "doomed"  // its bytes are being removed; nothing may refer to it any more
)

// There reports whether a file can be read.
func (f *File) There() bool { return f.State == FileReady || f.State == FileUsed }

// FileLimits bound what one session may keep.
type FileLimits struct {
	Count int
	Bytes int64
}

// FileSum is how many files there are, and their bytes.
type FileSum struct{ Count, Bytes int64 }

// Plus is the sum with one file more.
func (s FileSum) Plus(size int64) FileSum { return FileSum{s.Count + 1, s.Bytes + size} }

// Allow refuses to keep more with CodeState.
func (l FileLimits) Allow(s FileSum) error {
	if s.Count > int64(l.Count) {
		return Errorf(CodeState, "the session may keep at most %d files", l.Count)
	}
	if s.Bytes > l.Bytes {
		return Errorf(CodeState, "the session may keep files of at most %d bytes in all", l.Bytes)
	}
	return nil
}

// AnnounceParams say what a client is sending up.
type AnnounceParams struct {
	SessionID   string
	Files       []File // Name, ContentType, Size, Private
	Limits      FileLimits
	Idempotency Idempotency
}

// FilesResult is what became of it.
type FilesResult struct {
	Session *Session
	Files   []File
	Done    bool // these were sent up before, under the same key: nothing is left to do
}

// MayUpload refuses who would be refused by AnnounceFiles whatever the files are, before anything of
// them is received, and says what the session keeps already. A repeat is answered in a closed session,
// too, and one of what is done adds nothing: for it the sum is zero. Uploads at once do not know of each
// other; AnnounceFiles judges them in the end.
func (s *Service) MayUpload(ctx context.Context, sessionID string, limits FileLimits, idem Idempotency) (kept FileSum, err error) {
	session, err := s.FindSession(ctx, sessionID)
	if err != nil {
		return FileSum{}, err
	}
	if idem.Key == "" {
		if err := s.writable(session); err != nil {
			return FileSum{}, err
		}
	}
	done := false
	err = s.Store.Update(ctx, func(tx Tx) (err error) {
		kept = FileSum{}
		if done, err = uploaded(tx, session, idem.Key); err != nil || done {
			return err
		}
		kept.Count, kept.Bytes, err = tx.SumFiles(session.Key)
		return err
	})
	if err != nil {
		return FileSum{}, fmt.Errorf("sum files: %w", err)
	}
	if done {
		return FileSum{}, nil
	}
	return kept, limits.Allow(kept.Plus(1))
}

// uploaded reports whether anything was sent up under a key; what it was is not known yet.
func uploaded(tx Tx, session *Session, key string) (bool, error) {
	if key == "" {
		return false, nil
	}
	_, err := tx.FindIdempotency(uploadScope(session), key)
	if CodeOf(err) == CodeNotFound {
		return false, nil
	}
	return err == nil, err
}

// AnnounceFiles writes down files before their bytes go where they live: whatever crashes after it,
// the rows say what there may be to remove. A session that is closed, or would keep more than
// its limits, is CodeState.
func (s *Service) AnnounceFiles(ctx context.Context, p AnnounceParams) (*FilesResult, error) {
	var result *FilesResult
	err := s.Store.Update(ctx, func(tx Tx) error {
		session, err := s.lockSession(tx, p.SessionID)
		if err != nil {
			return err
		}
		if result, err = findUploaded(tx, session, p.Idempotency); err != nil || result != nil {
			return err
		}
		if err := s.writable(session); err != nil {
			return err
		}
		if err := withinLimits(tx, session, &p); err != nil {
			return err
		}
		result = &FilesResult{Session: session}
		for _, f := range p.Files {
			f.ID, f.State, f.CreatedAt = s.NewSecretID(), FilePending, s.Now()
			f.Blob = f.ID[:2] + "/" + f.ID
			f.SessionKey, f.ClientKey = session.Key, session.ClientKey
			if err := tx.CreateFile(&f); err != nil {
				return err
			}
			result.Files = append(result.Files, f)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("announce files: %w", err)
	}
	return result, nil
}

func withinLimits(tx Tx, session *Session, p *AnnounceParams) error {
	var sum FileSum
	var err error
	if sum.Count, sum.Bytes, err = tx.SumFiles(session.Key); err != nil {
		return err
	}
	for i := range p.Files {
		sum = sum.Plus(p.Files[i].Size)
	}
	return p.Limits.Allow(sum)
}

// findUploaded finds what an earlier upload under the same key has made, nil when there was none.
func findUploaded(tx Tx, session *Session, idem Idempotency) (*FilesResult, error) {
	old, err := findDone(tx, uploadScope(session), idem)
	if old == nil || err != nil {
		return nil, err
	}
	files, err := findAll(tx, strings.Fields(old.EventID))
	if err != nil {
		return nil, err
	}
	return &FilesResult{Session: session, Files: files, Done: true}, nil
}

func uploadScope(session *Session) string { return fmt.Sprintf("session:%d:files", session.Key) }

// FinishFiles says that the bytes of announced files are safe: from now on they can be read and
// attached. CodeNotFound means that they took so long that they were doomed meanwhile. Of two
// uploads at once under the same key the second gets the files of the first; what it has announced
// itself is doomed.
func (s *Service) FinishFiles(ctx context.Context, announced *FilesResult, idem Idempotency) (*FilesResult, error) {
	var result *FilesResult
	err := s.Store.Update(ctx, func(tx Tx) error {
		session, err := tx.LockSessionByKey(announced.Session.Key)
		if err != nil {
			return err
		}
		return s.once(tx, uploadScope(session), idem, func(r *IdempotencyRecord) error {
			result = &FilesResult{Session: session}
			ids := make([]string, len(announced.Files))
			for i, f := range announced.Files {
				if err := tx.ChangeFile(f.Key, FilePending, FileReady); err != nil {
					return err
				}
				f.State, ids[i] = FileReady, f.ID
				result.Files = append(result.Files, f)
			}
			r.SessionID, r.EventID = session.ID, strings.Join(ids, " ")
			return nil
		}, func(r *IdempotencyRecord) error {
			first, err := findAll(tx, strings.Fields(r.EventID))
			if err != nil {
				return err
			}
			result = &FilesResult{Session: session, Files: first, Done: true}
			return doom(tx, announced.Files)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("finish files: %w", err)
	}
	return result, nil
}

// findAll finds what an earlier upload has made, unless it was removed since: no message referred
// to it for too long.
func findAll(tx Tx, ids []string) ([]File, error) {
	var files []File
	for _, id := range ids {
		f, err := tx.FindFile(id)
		if err != nil && CodeOf(err) != CodeNotFound {
			return nil, err
		}
		if err != nil || !f.There() {
			return nil, Errorf(CodeState, "the files of this key were removed: no message referred to them")
		}
		files = append(files, *f)
	}
	return files, nil
}

// DropFiles has announced files removed that did not become ready.
func (s *Service) DropFiles(ctx context.Context, files []File) error {
	if err := s.Store.Update(ctx, func(tx Tx) error { return doom(tx, files) }); err != nil {
		return fmt.Errorf("drop files: %w", err)
	}
	return nil
}

func doom(tx Tx, files []File) error {
	for i := range files {
		if err := tx.ChangeFile(files[i].Key, FilePending, FileDoomed); err != nil && CodeOf(err) != CodeNotFound {
			return err
		}
	}
	return nil
}

// FindFile finds a file that can be read.
func (s *Service) FindFile(ctx context.Context, id string) (*File, error) {
	f, err := s.Store.FindFile(ctx, id)
	if err != nil {
		return nil, err
	}
	if !f.There() {
		return nil, Errorf(CodeNotFound, "no such file")
	}
	return f, nil
}

// doomBatch bounds one transaction of DoomFiles, and forgetting of ForgetFiles.
const doomBatch = 100

// DoomFiles marks files for removal that no message has referred to since before a time, and that
// none may refer to from now on.
func (s *Service) DoomFiles(ctx context.Context, before time.Time) (doomed int64, err error) {
	for n := int64(doomBatch); n == doomBatch && ctx.Err() == nil; doomed += n {
		err := s.Store.Update(ctx, func(tx Tx) (err error) {
			n, err = tx.DoomFiles(before, doomBatch)
			return err
		})
		if err != nil {
			return doomed, fmt.Errorf("doom files: %w", err)
		}
	}
	return doomed, nil
}

// ForgetFiles removes the bytes of doomed files with remove, and then their rows: what a crash
// interrupts is done again. A file whose bytes cannot be removed stays, and keeps no other; only where
// none of a batch can be because their storage is CodeUnavailable is the rest left to the next time.
func (s *Service) ForgetFiles(ctx context.Context, remove func(context.Context, *File) error) (forgotten int64, err error) {
	for after := int64(0); ctx.Err() == nil; {
		files, e := s.Store.ListDoomedFiles(ctx, after, doomBatch)
		if e != nil {
			return forgotten, errors.Join(err, fmt.Errorf("forget files: %w", e))
		}
		gone, away, failed := removeAll(ctx, files, remove)
		if err == nil { // one tells enough
			err = failed
		}
		if e := s.Store.Update(ctx, func(tx Tx) error { return deleteFiles(tx, gone) }); e != nil {
			return forgotten, errors.Join(err, fmt.Errorf("forget files: %w", e))
		}
		forgotten += int64(len(gone))
		if len(files) < doomBatch || away && len(gone) == 0 {
			break
		}
		after = files[len(files)-1].Key
	}
	return forgotten, err
}

// removeAll removes the bytes of files, and says which are gone, whether a storage was away, and the
// first thing that failed.
func removeAll(ctx context.Context, files []File, remove func(context.Context, *File) error) (gone []int64, away bool, err error) {
	for i := range files {
		e := remove(ctx, &files[i])
		if e == nil {
			gone = append(gone, files[i].Key)
			continue
		}
		away = away || CodeOf(e) == CodeUnavailable
		if err == nil {
			err = fmt.Errorf("remove the bytes of file %d: %w", files[i].Key, e)
		}
	}
	return gone, away, err
}

func deleteFiles(tx Tx, keys []int64) error {
	for _, key := range keys {
		if err := tx.DeleteFile(key); err != nil && CodeOf(err) != CodeNotFound {
			return err
		}
	}
	return nil
}

// attach finds the files that a message refers to, and has them stay, in its transaction.
func attach(tx Tx, session *Session, ids []string) ([]Attachment, error) {
	var attached []Attachment
	for i, id := range ids {
		f, err := useFile(tx, session, id)
		if CodeOf(err) == CodeNotFound {
			return nil, Invalid(fmt.Sprintf("attachments[%d]", i), "no such file of this client")
		}
		if err != nil {
			return nil, err
		}
		attached = append(attached, Attachment{ID: f.ID, Name: f.Name, ContentType: f.ContentType, Size: f.Size, Private: f.Private})
	}
	return attached, nil
}

func useFile(tx Tx, session *Session, id string) (*File, error) {
	f, err := tx.FindFile(id)
	if err == nil && f.State == FileReady && f.ClientKey == session.ClientKey {
		err = tx.ChangeFile(f.Key, FileReady, FileUsed)
		f.State = FileUsed
		if CodeOf(err) == CodeNotFound { // another message was first, or who removes the file
			f, err = tx.FindFile(id)
		}
	}
	if err != nil {
		return nil, err
	}
	if f.State != FileUsed || f.ClientKey != session.ClientKey {
		return nil, Errorf(CodeNotFound, "no such file")
	}
	return f, nil
}
