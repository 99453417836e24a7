package chat

import (
	"context"
	"encoding/json"
	"time"
)

// Store is what the domain asks of storage. The promises of every method are stated and
// tried in sqlstore/storetest.
type Store interface {
	Reader

	// Update runs fn in a transaction and returns when its effects are durable, or with an
	// error when none of them is; only when a commit was not answered, which is CodeUnavailable, that
	// is not known. fn does no I/O but tx, may be run more than once, and takes
	// time and ids from outside. A panic in fn rolls back its own part only and is returned
	// as an error. After the commit, and before Update returns, the functions fn has given to
	// tx.OnCommit run, in the order of the commits if this process is the one writer; they must not
	// block.
	// ctx counts only until fn starts.
	Update(ctx context.Context, fn func(tx Tx) error) error

	// LogID is the random id of the event log: positions of another log mean nothing here.
	LogID() string
}

// Reader reads what is committed. A missing row is CodeNotFound.
type Reader interface {
	FindChat(ctx context.Context, id string) (*Chat, error)
	// ListChats returns chats that administrators have made, in the order in which they did, and how
	// many there are in all.
	ListChats(ctx context.Context, offset, limit int) ([]Chat, int64, error)
	FindChatID(ctx context.Context, token string) (string, error) // of the chat with an access token
	FindBot(ctx context.Context, id string) (*BotRecord, error)
	ListBots(ctx context.Context) ([]BotRecord, error)
	// ListBotVersions returns the versions of a bot, the newest first.
	ListBotVersions(ctx context.Context, botID string) ([]BotVersion, error)
	FindBotVersion(ctx context.Context, botID string, number int64) (*BotVersion, error)
	FindBotArchive(ctx context.Context, botID string, number int64) ([]byte, error)
	FindAPIKey(ctx context.Context, digest string) (*APIKey, error)
	ListAPIKeys(ctx context.Context) ([]APIKey, error)
	FindSession(ctx context.Context, id string) (*Session, error)
	FindSessionByKey(ctx context.Context, key int64) (*Session, error)
	FindSessionDetails(ctx context.Context, key int64) (*SessionDetails, error)
	FindClientByKey(ctx context.Context, key int64) (*Client, error)
	FindClientByAlias(ctx context.Context, chat int64, a Alias) (*Client, error)
	FindQuestion(ctx context.Context, chat, client int64, id string) (*QuestionRecord, error)
	// FirstOfConnection finds the first question of a connection id, which is not "".
	FirstOfConnection(ctx context.Context, chat, client int64, cid string) (*QuestionRecord, error)
	FindBotState(ctx context.Context, session int64, botID string, client int64) (*BotState, error)
	// FindBriefing is FindSessionDetails, FindClientByKey and FindBotState in one look.
	FindBriefing(ctx context.Context, session, client int64, botID string) (*Briefing, error)

	// ListDialogue returns messages and pressed actions of all sessions of a client in a chat, in the
	// order of the sessions and of their events, and how many match in all.
	ListDialogue(ctx context.Context, chat, client int64, q DialogueQuery) ([]DialogueItem, int64, error)
	// ListUnreadOfClient returns what others have said above the read marks of a client's sessions in a
	// chat, the newest first.
	ListUnreadOfClient(ctx context.Context, chat, client int64, limit int) ([]DialogueItem, error)
	// ListMessageStatuses returns what is kept of statuses from one sequence to another, in order.
	ListMessageStatuses(ctx context.Context, session, first, last int64) ([]MessageStatusRecord, error)
	FindWidgetState(ctx context.Context, chat, client int64) (json.RawMessage, error)

	FindFile(ctx context.Context, id string) (*File, error)
	// ListDoomedFiles returns doomed files by key, with a key above after.
	ListDoomedFiles(ctx context.Context, after int64, limit int) ([]File, error)

	// ListEvents returns at most limit events with a sequence above after, in order.
	ListEvents(ctx context.Context, s SessionRef, after int64, limit int) ([]Event, error)
	// ListStream returns at most limit events of a stream with a number above after, in
	// order; with reverse, those with a number below after (0: from the top), newest first.
	ListStream(ctx context.Context, s SessionRef, stream Stream, after int64, limit int, reverse bool) ([]Event, error)
	// ListMessages returns messages of a session that its client may see, and how many there are in all.
	ListMessages(ctx context.Context, s SessionRef, q MessagesQuery) ([]Event, int64, error)

	// ListChanged returns the sessions that got events after the log position `after`, each once,
	// and the position to go on from. Where several write, commits become visible in any order: the
	// position is one before which nothing is under way, so some changes are listed again the next
	// time and none is missed. With after < 0 it returns no sessions, only the present position.
	ListChanged(ctx context.Context, after int64) ([]Change, int64, error)
	// ListDueTurns returns sessions whose bot owes a reaction and whose lease is free at now or
	// node's own, by key, with a key above after.
	ListDueTurns(ctx context.Context, node string, now time.Time, after int64, limit int) ([]SessionRef, error)
	// ListExpiring returns open sessions with CheckAt <= now.
	ListExpiring(ctx context.Context, now time.Time, limit int) ([]SessionRef, error)

	// ListDeliveries returns deliveries and how many match in all.
	ListDeliveries(ctx context.Context, q DeliveriesQuery) ([]Delivery, int64, error)
	FindDelivery(ctx context.Context, id string) (*Delivery, error)
	CountDeliveries(ctx context.Context) (DeliveryCounts, error)
	// ListDueReceivers returns the receivers that have a stream that is due at now.
	ListDueReceivers(ctx context.Context, now time.Time) ([]string, error)
	// ListPending returns at most limit pending deliveries of a stream, in their order.
	ListPending(ctx context.Context, stream int64, limit int) ([]Delivery, error)

	// FindNextTimer returns when a timer is due next, zero when there is none.
	FindNextTimer(ctx context.Context) (time.Time, error)
	CountTimers(ctx context.Context) (int64, error)

	// ListClientSessions returns at most limit sessions of a client in a chat, the newest first.
	ListClientSessions(ctx context.Context, chat, client int64, limit int) ([]Session, error)
	// FindEventOfClient finds an event by its id in whichever session of a client in a chat it is.
	FindEventOfClient(ctx context.Context, client ClientRef, id string) (*Event, error)
	FindPollCursor(ctx context.Context, client ClientRef, cid string) (*PollCursor, error)

	FindCampaign(ctx context.Context, id string) (*Campaign, error)
	// ListCampaigns returns campaigns, the newest first, and how many there are in all.
	ListCampaigns(ctx context.Context, offset, limit int) ([]Campaign, int64, error)
	// ListRecipients returns recipients of a campaign in their order, those in a state or all ("").
	ListRecipients(ctx context.Context, campaign int64, state CampaignState, offset, limit int) ([]Recipient, error)
	// FindNextCampaign returns when a campaign is due next, zero when none is.
	FindNextCampaign(ctx context.Context) (time.Time, error)

	// ListNodes returns the registered nodes, the eldest first.
	ListNodes(ctx context.Context) ([]Node, error)
	// CountLeases returns how many due turns and streams of deliveries each node has a lease of, by its
	// id. Nodes that are not registered may be among them, those without a lease are not.
	CountLeases(ctx context.Context) (map[string]int64, error)
}

// Change says that a session got events.
type Change struct {
	SessionKey int64
	Sequence   int64 // of the last of them
	Client     ClientRef
}

// Head is where a session stands.
type Head struct {
	Session  SessionRef
	Sequence int64
	Settled  int64
}

// MessagesQuery selects messages of a session, in order of sequence.
type MessagesQuery struct {
	After  int64 // sequence above which
	Offset int
	Limit  int
	Newest bool // count offset and limit from the end; the answer is still in order
}

// Tx is a transaction. Its methods take no context: inside a commit group a statement must
// not be cancelled by one request.
type Tx interface {
	// OnCommit has f run after the commit. When fn of Update is run again, what it gave
	// before is forgotten.
	OnCommit(f func())

	FindChat(id string) (*Chat, error)
	// LockChat reads a chat and keeps others from changing it until commit.
	LockChat(id string) (*Chat, error)
	CreateChat(c *Chat) error // sets c.Key; CodeConflict when the id or token is taken
	// UpdateChat changes everything but key, id, kind, Demo and CreatedAt; CodeConflict when the token is taken.
	UpdateChat(c *Chat) error
	CountChatsOfBot(botID string) (int64, error) // of those that administrators have made; their settings count
	PutBot(b *BotRecord) error                   // replaces one of the same id, but for CreatedAt
	CreateBot(b *BotRecord) error                // CodeConflict when the id is taken
	FindBot(id string) (*BotRecord, error)
	// LockBot reads a bot and keeps others from changing it until commit.
	LockBot(id string) (*BotRecord, error)
	DeleteBot(id string) error
	CreateBotVersion(v *BotVersion, archive []byte) error // CodeConflict when the bot has one of this number
	FindBotVersion(botID string, number int64) (*BotVersion, error)
	LastBotVersion(botID string) (int64, error) // the highest number, 0 when there is none
	// DeleteBotVersions removes versions of a bot up to a number, but for one, and returns how many.
	DeleteBotVersions(botID string, upTo, kept int64) (int64, error)

	CreateAPIKey(k *APIKey) error
	// LockAPIKey reads a key by its id and keeps others from deleting it until commit.
	LockAPIKey(id string) (*APIKey, error)
	TouchAPIKey(id string, at time.Time) error // never back; nothing when there is no such key
	DeleteAPIKey(id string) error              // CodeNotFound when there is none

	// KeepSecret keeps a value under a name unless there is one, and returns the one that is kept.
	KeepSecret(name, value string) (string, error)
	FindSecret(name string) (string, error)
	DeleteSecret(name string) error // CodeNotFound when there is none

	FindClient(id string) (*Client, error)
	FindClientByAlias(chat int64, a Alias) (*Client, error)
	CreateClient(c *Client) error // sets c.Key
	// LockClient reads a client and keeps others from changing it until commit.
	LockClient(key int64) (*Client, error)
	UpdateClient(c *Client) error
	// CreateAlias gives a client a name in a chat; CodeConflict when it is taken.
	CreateAlias(chat, client int64, a Alias) error
	// AddAlias gives a client a name in a chat; a name that is taken stays with its owner.
	AddAlias(chat, client int64, a Alias) error

	// LockSession and its kin read a session and keep others from changing it until commit.
	LockSession(id string) (*Session, error)
	LockSessionByKey(key int64) (*Session, error)
	// LockOpenSession finds the one open session of a client in a chat.
	LockOpenSession(chat, client int64) (*Session, error)
	// CreateSession stores a session and sets its Key; CodeConflict when the client already
	// has an open one in the chat.
	CreateSession(s *Session, d *SessionDetails) error
	UpdateSession(s *Session) error
	// AppendEvents stores events of a session that this transaction has locked or created.
	AppendEvents(events []Event) error
	FindSessionDetails(key int64) (*SessionDetails, error)
	// FindEvent finds an event of a session by its id.
	FindEvent(session int64, id string) (*Event, error)
	FindEventAt(session, sequence int64) (*Event, error)

	CreateQuestion(q *QuestionRecord) error // CodeConflict when the client has asked one of this id
	FindQuestion(chat, client int64, id string) (*QuestionRecord, error)

	// FindEventOfClient finds an event by its id in the sessions of a client in a chat.
	FindEventOfClient(client ClientRef, id string) (*Event, error)
	// ListUnread returns what others have said in a session above a sequence, in order.
	ListUnread(s SessionRef, after int64, limit int) ([]Event, error)
	// LockLatestSession locks the session of a client in a chat that was started last.
	LockLatestSession(chat, client int64) (*Session, error)
	FindMessageStatus(session, sequence int64) (*MessageStatusRecord, error)
	PutMessageStatus(r *MessageStatusRecord) error // replaces one of the same sequence
	PutWidgetState(chat, client int64, state json.RawMessage) error

	CreateFile(f *File) error // sets f.Key
	FindFile(id string) (*File, error)
	// ChangeFile takes a file from one state to the next; CodeNotFound when it is not in that state.
	ChangeFile(key int64, from, to FileState) error
	// SumFiles is how many files a session keeps, whatever their state, and their bytes.
	SumFiles(session int64) (count, bytes int64, err error)
	// DoomFiles dooms at most limit files, the oldest first, that were made before a time and that no
	// message refers to.
	DoomFiles(before time.Time, limit int) (int64, error)
	DeleteFile(key int64) error // a doomed one; CodeNotFound when there is none

	// CreateTimer stores a timer and sets its Key; CodeConflict when its id is taken, or the session
	// has a timeout already and it is one.
	CreateTimer(t *Timer) error
	FindTimer(id string) (*Timer, error)
	CountTimersOf(session int64) (int64, error)
	// ClaimTimers leases timers that are due at now, those that are due the longest first. One that is
	// claimed is due again at until, as if nobody had claimed it; others that claim pass over it.
	ClaimTimers(now, until time.Time, limit int) ([]Timer, error)
	// HoldTimer has a timer wait until its client's timers in the chat are woken, or until a time.
	HoldTimer(key int64, until time.Time) error // CodeNotFound when there is none
	// WakeTimers has the held timers of a client in a chat due at a time.
	WakeTimers(chat, client int64, at time.Time) error
	DeleteTimer(key int64) error // CodeNotFound when there is none
	DeleteTimeout(session int64) error

	CreateCampaign(c *Campaign) error // sets c.Key
	// LockCampaign reads a campaign and keeps others from changing it until commit.
	LockCampaign(id string) (*Campaign, error)
	// LockDueCampaign locks, of the campaigns that are due at now and that no other transaction has locked,
	// the one with the highest priority, and of several the one that is due the longest.
	LockDueCampaign(now time.Time) (*Campaign, error)
	// UpdateCampaign changes what becomes of a locked campaign: all from State on but CreatedAt.
	UpdateCampaign(c *Campaign) error
	// LockIdleCampaign locks the campaign that has had nothing to do for the longest, since before t: it
	// ended then, or was made and never started. Those that others have locked are passed over; CodeNotFound
	// when there is none.
	LockIdleCampaign(before time.Time) (*Campaign, error)
	DeleteCampaign(key int64) error // which has no recipients any more
	// DeleteRecipients removes recipients of a campaign, at most limit, and returns how many.
	DeleteRecipients(campaign int64, limit int) (int64, error)
	// AddRecipients adds recipients at positions above one, as many as there are at most; those whose
	// ClientID the campaign has already are passed over. It returns how many are new.
	AddRecipients(campaign, above int64, list []Recipient) (added int64, err error)
	// ListRecipientsAfter returns recipients with a position above after, in their order.
	ListRecipientsAfter(campaign, after int64, limit int) ([]Recipient, error)
	// UpdateRecipient changes what became of a recipient: all from State on.
	UpdateRecipient(campaign int64, r *Recipient) error

	// FindBotState reads what a bot remembers; one that remembers nothing has an empty state.
	FindBotState(session int64, botID string, client int64) (*BotState, error)

	// AppendDeliveries has deliveries stored at the end of their streams, which become due unless they
	// have something to do already. In a stream they are in the order of the commits, those of one
	// transaction in the order of the calls. They are stored when fn has returned, so that whoever
	// holds a stream waits for nothing but streams, which are locked in the order of client and URL.
	AppendDeliveries(d []Delivery) error
	// ClaimStreams leases streams of a receiver that are due at now, those that are due the longest
	// first. One that is claimed is due again at until, as if nobody had claimed it.
	ClaimStreams(node, receiver string, now, until time.Time, limit int) ([]StreamLease, error)
	// LockStream keeps others from changing a stream until commit; CodeConflict when the lease is no
	// longer the stream's.
	LockStream(l StreamLease) error
	// FindPending finds the first pending delivery of a locked stream, and from when on it may be tried;
	// key 0 when there is none.
	FindPending(stream int64) (key int64, nextAt time.Time, err error)
	// ReleaseStream gives a locked stream back: it is due at a time if something is pending in it,
	// which it reports.
	ReleaseStream(stream int64, at time.Time) (pending bool, err error)
	// WakeStream has a stream that nobody has leased due at a time.
	WakeStream(stream int64, at time.Time) error
	// LockDelivery reads a delivery and keeps others from changing it, and its stream, until commit.
	LockDelivery(id string) (*Delivery, error)
	// UpdateDelivery changes state, attempts, log, reason, and the times Since, NextAt and EndedAt. One
	// that is not there any more stays so.
	UpdateDelivery(d *Delivery) error
	DeleteDelivery(key int64) error
	// DeleteDeliveriesBefore removes deliveries in a state that ended before t, at most limit.
	DeleteDeliveriesBefore(state DeliveryState, t time.Time, limit int) (int64, error)

	// SaveSessionState and SaveClientState keep what a bot remembers. A client's state is
	// refused with CodeConflict when its version is no longer the one given.
	SaveSessionState(session int64, data json.RawMessage) error
	SaveClientState(botID string, client int64, data json.RawMessage, version int64) error

	// FindIdempotency returns what was done under a key, CodeNotFound if nothing was.
	FindIdempotency(scope, key string) (*IdempotencyRecord, error)
	CreateIdempotency(r *IdempotencyRecord) error // CodeConflict when taken
	DeleteIdempotencyBefore(t time.Time, limit int) (int64, error)

	// AdvancePollCursor keeps a cursor, unless the one that is kept is further.
	AdvancePollCursor(c PollCursor) error
	// DeletePollCursorsBefore removes cursors that were used last before t, at most limit.
	DeletePollCursorsBefore(t time.Time, limit int) (int64, error)

	// PutNode keeps what a node says of itself. It reports whether the node was not registered.
	PutNode(n *Node) (added bool, err error)
	// RemoveNode removes a node whose last beat is still the given one, and frees its leases as
	// FreeLeases does.
	RemoveNode(id string, beat int64) (removed bool, err error)
	// FreeLeases frees the leases of a node unless it is registered, and returns how many there
	// were. How often the turns were begun stays.
	FreeLeases(node string) (int64, error)
}

// IdempotencyRecord remembers a write that was done, so that its repeat does nothing.
type IdempotencyRecord struct {
	Scope     string // principal and operation
	Key       string // the caller's
	BodyHash  string
	SessionID string // what the write made
	EventID   string // of an upload: the ids of its files, parted by spaces
	Sequence  int64
	CreatedAt time.Time
}
