// Package storetest states what chat.Store promises, as tests. Every engine is held to all of
// them; what is particular to one engine is tested beside it.
package storetest

import (
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

// promises are all tests, by the sentence that they try to break.
var promises = []struct {
	name string
	test func(t *testing.T, s chat.Store)
}{
	{"what is committed is read", committedIsRead},
	{"nothing is read before its commit", uncommittedIsHidden},
	{"a transaction reads its own writes", ownWritesAreRead},
	{"a refused function leaves nothing", refusedLeavesNothing},
	{"a failed function leaves nothing", failedLeavesNothing},
	{"a panic is an error and leaves nothing", panicLeavesNothing},
	{"a conflict leaves nothing even when it is swallowed", swallowedConflictLeavesNothing},
	{"members that fail harm nobody beside them", failuresHarmNobody},
	{"hooks run after the commit and before Update returns", hooksRunAfterCommit},
	{"hooks run in the order of the commits of one writer", hooksRunInOrder},
	{"hooks of a failed function never run", hooksOfFailedNeverRun},
	{"a cancelled request does not begin", cancelledDoesNotBegin},
	{"a request cancelled while it runs commits", cancelledWhileRunningCommits},

	{"the log has one id", logID},
	{"a chat is kept as it was given", chatIsKept},
	{"chat ids and tokens are taken once", chatIsUnique},
	{"a chat is changed", chatIsChanged},
	{"changes of a chat at once add up", changesOfAChatAdd},
	{"chats of administrators are listed, page by page", chatsAreListed},
	{"a bot is kept and replaced", botIsKept},
	{"a bot is made once", botIsMadeOnce},
	{"a version of a bot is kept as it was given", botVersionIsKept},
	{"a number of a bot's versions is given once", botVersionIsMadeOnce},
	{"versions of a bot are listed, the newest first, and deleted but for one", botVersionsAreDeleted},
	{"a key of a program is kept until it is deleted", apiKeyIsKept},
	{"a key of a program that is locked is not deleted", lockedAPIKeyStays},
	{"a secret is kept once, whoever comes first", secretIsKeptOnce},
	{"a client is kept as it was given", clientIsKept},
	{"changes of a client at once add up", changesOfAClientAdd},
	{"an alias stays with its owner", aliasStays},
	{"an alias is taken once", aliasIsTakenOnce},
	{"an alias counts in its chat and kind", aliasIsScoped},

	{"a session is kept as it was given", sessionIsKept},
	{"every change of a session is kept", sessionChangesAreKept},
	{"a session that is locked is a copy", lockedSessionIsCopy},
	{"a change that is rolled back is forgotten", rolledBackSessionIsForgotten},
	{"a client has one open session in a chat", oneOpenSession},
	{"simultaneous starts make one open session", simultaneousStarts},
	{"a session id is taken once", sessionIDIsUnique},
	{"due turns are listed, page by page", dueTurns},
	{"a leased turn is listed for its node, or when the lease is over", leasedTurns},
	{"sessions to check are listed when it is time", expiringSessions},

	{"events are kept as they were given", eventsAreKept},
	{"any text is kept", anyTextIsKept},
	{"numbers and ids of events are taken once", eventsAreUnique},
	{"an event is found in its session only", eventIsFoundInSession},
	{"an event is found by its number", eventIsFoundByNumber},
	{"a question is kept as it was given, its id is taken once per client", questionIsKept},
	{"events are listed in order, after a number", eventsAreListed},
	{"a stream is listed by its own numbers", streamsAreListed},
	{"messages are listed from both ends", messagesAreListed},
	{"changed sessions are listed once, from a position on", changedSessions},
	{"no change is missed while others write", changesAreNotMissed},

	{"a message's status is kept and replaced", statusIsKept},
	{"a widget's state is kept and replaced", widgetStateIsKept},
	{"what was said in all sessions of a client is listed, page by page", dialogueIsListed},
	{"what a client has not read is listed", unreadIsListed},

	{"a file is kept as it was given", fileIsKept},
	{"a file goes from state to state", fileStatesGrow},
	{"files of a session are counted", filesOfASessionAreSummed},
	{"files that no message refers to are doomed, a bounded number at a time", unusedFilesAreDoomed},
	{"a file that a message refers to is never doomed", usedFilesAreNeverDoomed},

	{"a session's state is kept and replaced", sessionStateIsKept},
	{"a client's state is kept per bot, by version", clientStateHasVersion},
	{"a briefing is details, client and states in one", briefingIsAllInOne},
	{"a bot's state is read within a transaction, own writes too", stateIsReadInATransaction},
	{"an idempotency key is taken once", idempotencyIsUnique},
	{"old idempotency keys are deleted, a bounded number at a time", oldIdempotencyIsDeleted},

	{"a timer is kept as it was given", timerIsKept},
	{"a timer's id is taken once", timerIDIsUnique},
	{"a session has one timeout", oneTimeout},
	{"the next timer is found", nextTimerIsFound},
	{"due timers are claimed by one until the lease is over", timersAreClaimedOnce},
	{"a timer is deleted once, whoever tries", timerIsDeletedOnce},
	{"a timer that is held is due when it is woken, or in the end", heldTimers},
	{"a claim meets the session's turn", claimMeetsTurn},

	{"a poll's cursor is kept per connection", pollCursorIsKept},
	{"a poll's cursor never goes back", pollCursorNeverGoesBack},
	{"cursors that nobody uses are deleted, a bounded number at a time", oldPollCursorsAreDeleted},
	{"the sessions of a client are listed, the newest first", sessionsOfAClient},
	{"an event of a client is found by its id", eventOfAClient},

	{"a campaign is kept as it was given", campaignIsKept},
	{"a recipient is added once, in order", recipientsAreAddedOnce},
	{"the due campaign of the highest priority is locked, by one", dueCampaignIsLockedOnce},
	{"an idle campaign is found and deleted, its recipients a bounded number at a time", idleCampaignIsDeleted},

	{"a node is kept and replaced, the eldest is listed first", nodeIsKept},
	{"a node is removed at the beat that was seen only", nodeIsRemovedAtItsBeat},
	{"a node's removal frees its leases and no others", removalFreesLeases},
	{"a node is removed once, whoever tries", removalHappensOnce},
	{"a node that beats while it is removed is registered", removalMeetsBeat},
	{"leases of who is not registered are freed", orphansAreFreed},

	{"a delivery is kept as it was given", deliveryIsKept},
	{"deliveries are listed, page by page", deliveriesAreListed},
	{"a stream has the order of the commits", streamsAreInOrder},
	{"a stream is claimed by one node until its lease is over", streamIsClaimedOnce},
	{"a lost lease changes nothing", lostLeaseIsRefused},
	{"a stream that is given back is due if something is pending", releasedStreamIsDue},
	{"the first pending delivery of a stream is found", firstPendingIsFound},
	{"no delivery is missed while its stream is given back", appendMeetsRelease},
	{"receivers are listed once each, when one of their streams is due", dueReceivers},
	{"a node's removal frees its streams", removalFreesStreams},
	{"a delivery is changed and deleted", deliveryIsChanged},
	{"old deliveries are deleted by state, a bounded number at a time", oldDeliveriesAreDeleted},

	{"what was acknowledged under load is there, without a gap", loadLosesNothing},
}

// Run tries every promise on a store of its own. open returns an empty store and closes it
// when the test ends.
func Run(t *testing.T, open func(t *testing.T) chat.Store) {
	for _, p := range promises {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.test(t, open(t))
		})
	}
}
