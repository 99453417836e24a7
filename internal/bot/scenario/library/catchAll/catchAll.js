// catchAll counts how often in a row the bot has not understood: catchAll.count() in the state of
// the answer, catchAll.reset() where it understands. The count lives in $session.catchAll.
var catchAll = (function () {
    function state() {
        var session = $jsapi.context().session;
        if (!session.catchAll) session.catchAll = { repetition: 0, lastQuestionId: '' };
        return session.catchAll;
    }
    return {
        // count takes one more and returns how many in a row there are, from 1.
        count: function () {
            var request = $jsapi.context().request;
            state().lastQuestionId = request.questionId || '';
            return ++state().repetition;
        },
        reset: function () { state().repetition = 0; },
        repetition: function () { return state().repetition; },
    };
})();
