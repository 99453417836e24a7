package adminapi

import (
	"net/http"

	"github.com/govorun/govorun/internal/chat"
)

// base is the path below which everything is.
const base = "/api/admin/v1"

// resource is a path below the base and what may be done there.
type resource struct {
	path    string
	methods map[string]endpoint
}

// resources is every route of the API, with the permission that each method takes.
func (a *API) resources() []resource {
	return []resource{
		{"/setup", map[string]endpoint{
			http.MethodPost: {do: a.setUp, public: true},
		}},
		{"/whoami", map[string]endpoint{
			http.MethodGet: {do: a.whoAmI},
		}},
		{"/chats", map[string]endpoint{
			http.MethodGet:  {do: a.listChats, permission: chat.PermitChatsRead, query: pageQuery},
			http.MethodPost: {do: a.createChat, permission: chat.PermitChats},
		}},
		{"/chats/{id}", map[string]endpoint{
			http.MethodGet:    {do: a.showChat, permission: chat.PermitChatsRead},
			http.MethodPatch:  {do: a.updateChat, permission: chat.PermitChats},
			http.MethodDelete: {do: a.deleteChat, permission: chat.PermitChats},
		}},
		{"/chats/{id}/secrets", map[string]endpoint{
			http.MethodGet: {do: a.showChatSecrets, permission: chat.PermitChats},
		}},
		{"/bots", map[string]endpoint{
			http.MethodGet:  {do: a.listBots, permission: chat.PermitBotsRead, query: pageQuery},
			http.MethodPost: {do: a.createBot, permission: chat.PermitBots},
		}},
		{"/bots/{id}", map[string]endpoint{
			http.MethodGet:    {do: a.showBot, permission: chat.PermitBotsRead},
			http.MethodPatch:  {do: a.updateBot, permission: chat.PermitBots},
			http.MethodDelete: {do: a.deleteBot, permission: chat.PermitBots},
		}},
		{"/bots/{id}/secret", map[string]endpoint{
			http.MethodGet: {do: a.showBotSecret, permission: chat.PermitBots},
		}},
		{"/bots/{id}/versions", map[string]endpoint{
			http.MethodGet:  {do: a.listVersions, permission: chat.PermitBotsRead, query: pageQuery},
			http.MethodPost: {do: a.deployVersion, permission: chat.PermitBots, query: deployQuery, upload: true},
		}},
		{"/bots/{id}/versions/{number}", map[string]endpoint{
			http.MethodGet: {do: a.showVersion, permission: chat.PermitBotsRead},
		}},
		{"/bots/{id}/versions/{number}/archive", map[string]endpoint{
			http.MethodGet: {do: a.downloadVersion, permission: chat.PermitBotsRead},
		}},
		{"/bots/{id}/versions/{number}/activate", map[string]endpoint{
			http.MethodPost: {do: a.activateVersion, permission: chat.PermitBots},
		}},
		{"/campaigns", map[string]endpoint{
			http.MethodGet:  {do: a.listCampaigns, permission: chat.PermitCampaignsRead, query: pageQuery},
			http.MethodPost: {do: a.createCampaign, permission: chat.PermitCampaigns},
		}},
		{"/campaigns/{id}", map[string]endpoint{
			http.MethodGet: {do: a.showCampaign, permission: chat.PermitCampaignsRead},
		}},
		{"/campaigns/{id}/recipients", map[string]endpoint{
			http.MethodGet:  {do: a.listRecipients, permission: chat.PermitCampaignsRead, query: recipientsQuery},
			http.MethodPost: {do: a.addRecipients, permission: chat.PermitCampaigns},
		}},
		{"/campaigns/{id}/start", map[string]endpoint{
			http.MethodPost: {do: a.startCampaign, permission: chat.PermitCampaigns},
		}},
		{"/campaigns/{id}/cancel", map[string]endpoint{
			http.MethodPost: {do: a.cancelCampaign, permission: chat.PermitCampaigns},
		}},
		{"/keys", map[string]endpoint{
			http.MethodGet:  {do: a.listKeys, permission: chat.PermitKeysRead, query: pageQuery},
			http.MethodPost: {do: a.createKey, permission: chat.PermitKeys},
		}},
		{"/keys/{id}", map[string]endpoint{
			http.MethodGet:    {do: a.showKey, permission: chat.PermitKeysRead},
			http.MethodDelete: {do: a.deleteKey, permission: chat.PermitKeys},
		}},
		{"/webhooks", map[string]endpoint{
			http.MethodGet: {do: a.listWebhooks, permission: chat.PermitWebhooksRead, query: webhooksQuery},
		}},
		{"/webhooks/replay", map[string]endpoint{
			http.MethodPost: {do: a.replayWebhooks, permission: chat.PermitWebhooks},
		}},
		{"/webhooks/{id}", map[string]endpoint{
			http.MethodGet:    {do: a.showWebhook, permission: chat.PermitWebhooksRead},
			http.MethodDelete: {do: a.dropWebhook, permission: chat.PermitWebhooks},
		}},
		{"/webhooks/{id}/replay", map[string]endpoint{
			http.MethodPost: {do: a.replayWebhook, permission: chat.PermitWebhooks},
		}},
	}
}

// Register adds the routes to a mux.
func (a *API) Register(mux *http.ServeMux) {
	for _, res := range a.resources() {
		mux.Handle(base+res.path, a.handler(res))
	}
	mux.Handle(base+"/", a.handler(resource{}))
}
