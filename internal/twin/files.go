package twin

import (
	"net/http"

	"github.com/govorun/govorun/internal/chat"
)

// uploadedFile is a file object (TWIN, section 7). Like an attachment it carries the vendor's own
// misspelling, too.
type uploadedFile struct {
	attachment
	OwnerID string `json:"ownerId"` // the client
}

// uploadFiles is POST /sessions/{sessionId}/files: files for messages of the client to come, as the
// parts file[] of multipart/form-data. Of the vendor's other parts private counts; path and ttl are
// ignored, for a file lives as long as a message refers to it. A repeat under the same
// Idempotency-Key is answered with the files of the first.
func (a *API) uploadFiles(r *http.Request) (reply, error) {
	idem, err := a.idempotency(r, nil) // what the body says is known when it is there
	if err != nil {
		return reply{}, err
	}
	result, err := a.Files.Upload(r, r.PathValue("sessionId"), idem)
	if err != nil {
		return reply{}, err
	}
	made := make([]uploadedFile, len(result.Files))
	for i, f := range result.Files {
		shown := chat.Attachment{ID: f.ID, Name: f.Name, ContentType: f.ContentType, Size: f.Size, Private: f.Private}
		made[i] = uploadedFile{newAttachment(shown, f.CreatedAt, a.Files.Links), result.Session.ClientID}
	}
	return reply{http.StatusCreated, made}, nil
}
