# Handlers run between the tags. The path says for which states: those below it.
init:
    // Before anything is matched: it may name the state itself.
    bind("preMatch", function($context) {
        if ($context.request.query === "sesame") $context.temp.targetState = "/javascript/bind preMatch/vault";
    }, "/javascript/bind preMatch");

    // After the matching, before the reactions.
    bind("preProcess", function($context) {
        $context.temp.greeting = "Hello from preProcess";
    }, "/javascript/bind preProcess");

    // After the reactions: it sees what was said.
    bind("postProcess", function($context) {
        var last = $context.response.replies[$context.response.replies.length - 1];
        if (last.text === "go on") $reactions.transition("/javascript/bind postProcess/more");
    }, "/javascript/bind postProcess");

    // It chooses among all that fits.
    bind("selectNLUResult", function($context) {
        var fits = $context.nluResults.patterns.filter(function(r) { return r.clazz.indexOf("second choice") >= 0; });
        if (fits.length > 0) $context.nluResults.selected = fits[0];
    });

    bind("onScriptError", function($context) {
        $reactions.answer("Script: " + $context.exception.message);
        $reactions.transition("/javascript/bind onScriptError/sorry");
    }, "/javascript/bind onScriptError", "a name for the log");

    bind("onDialogError", function($context) {
        $reactions.answer("Dialog: " + $context.exception.message);
    }, "/javascript/bind onDialogError");

    bind("onAnyError", function($context) {
        $reactions.answer("Any: " + $context.exception.code);
    }, "/javascript/bind onAnyError");

theme: /javascript

    state: bind preMatch
        q!: bind pre match
        a: Password?

        state: vault
            a: The vault is open.

        state: wrong
            q: *
            a: Wrong.

    state: bind preProcess
        q!: bind pre process
        a: {{$temp.greeting}}.

    state: bind postProcess
        q!: bind post process
        a: go on

        state: more
            a: on and on

    state: bind selectNLUResult
        q!: bind * select
        a: The first choice.

        state: second choice
            q!: * select
            a: The second choice.

    state: bind onScriptError
        q!: bind on script error
        a: before
        script: nobody.home();
        a: never

        state: sorry
            a: Sorry.

    state: bind onDialogError
        q!: bind on dialog error
        go!: {{"/nowhere/at/all"}}

    state: bind onAnyError
        q!: bind on any error
        script: throw { code: 404 };
