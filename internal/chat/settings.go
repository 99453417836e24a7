package chat

import "encoding/json"

// Settings are a chat's tunables (TWIN, section 6, "Chat settings"). They are kept as JSON. Those of
// operators and queues are kept for the parts that obey them.
type Settings struct {
	SessionTTL                 int    `json:"sessionTtl,omitempty"`                 // seconds of client inactivity; 0 means DefaultSessionTTL
	AnswerOnFirstClientMessage bool   `json:"answerOnFirstClientMessage,omitempty"` // the bot speaks only after the client
	BotFailureMessage          string `json:"botFailureMessage,omitempty"`          // said when a bot fails; "" means a default

	SessionRatingRequired    bool `json:"sessionRatingRequired,omitempty"`
	SessionRatingTriggerTime int  `json:"sessionRatingTriggerTime,omitempty"` // seconds
	SessionRatingScale       int  `json:"sessionRatingScale,omitempty"`       // 2, 5 or 10; 0 means 5

	OperatorsBusyMessage      string `json:"operatorsBusyMessage,omitempty"`
	AllowableOperatorIdleTime int    `json:"allowableOperatorIdleTime,omitempty"` // seconds; then the session moves to another operator
	TimerFirstAnswer          int    `json:"timerFirstAnswer,omitempty"`          // seconds
	TimerNextAnswers          int    `json:"timerNextAnswers,omitempty"`          // seconds
	QueueMaxTime              int    `json:"queueMaxTime,omitempty"`              // seconds a client waits in a queue at most
	QueueNoticeInterval       int    `json:"queueNoticeInterval,omitempty"`       // seconds between two notices
	QueueNotice               string `json:"queueNotice,omitempty"`

	// The bots that a session goes to when something happens; "" for none.
	SessionReloadBotID      string `json:"sessionReloadBotId,omitempty"`
	OperatorsOfflineBotID   string `json:"operatorsOfflineBotId,omitempty"`
	ClosedByClientBotID     string `json:"closedByClientBotId,omitempty"`
	ClosedByOperatorBotID   string `json:"closedByOperatorBotId,omitempty"`
	ClosedByLifetimeBotID   string `json:"closedByLifetimeBotId,omitempty"`
	MessageUndeliveredBotID string `json:"messageUndeliveredBotId,omitempty"`

	DisableTextInput bool   `json:"disableTextInput,omitempty"` // while the last reply has buttons (Chat API, 1)
	WebhookURL       string `json:"webhookUrl,omitempty"`       // of the Chat API: gets answers that nobody waits for

	EventCallbackURL  string   `json:"eventCallbackUrl,omitempty"` // webhook of events in all sessions of the chat
	EventCallbackData string   `json:"eventCallbackData,omitempty"`
	NotifyOnEvents    []string `json:"notifyOnEvents,omitempty"` // names of events; none: all

	Results       []string        `json:"results,omitempty"` // outcomes that an operator may choose
	FCMServerKey  string          `json:"fcmServerKey,omitempty"`
	FCMServiceURL string          `json:"fcmServiceUrl,omitempty"`
	PushData      json.RawMessage `json:"pushData,omitempty"`
	KnowledgeBase json.RawMessage `json:"knowledgeBase,omitempty"`
	Form          json.RawMessage `json:"form,omitempty"`
	References    json.RawMessage `json:"references,omitempty"`
	Appearance    json.RawMessage `json:"appearance,omitempty"` // free form
}
