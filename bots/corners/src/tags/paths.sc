# Where paths lead. The state "here" is seen from all of them.
theme: /tags/paths

    state: top
        a: top of the theme

    state: around
        a: around

        state: beside
            a: beside

        state: here
            q!: here I am
            a: here
            go: .

            state: child
                a: child

                state: deep
                    a: deep

            q: slash || toState = "/"
            q: dot || toState = "."
            q: dots || toState = ".."
            q: dot child || toState = "./child"
            q: dots beside || toState = "../beside"
            q: bare child || toState = "child"
            q: bare beside || toState = "beside"
            q: bare child deep || toState = "child/deep"
            q: bare around || toState = "around"
            q: bare top || toState = "top"
            q: expression * || toState = "./computed"
            q: absolute || toState = "/tags/paths/around/beside"

            state: computed
                go!: ../{{$request.query.split(" ")[1]}}

# Expressions may stand in go!, go, a, image and buttons.
theme: /tags

    state: expressions in paths
        q!: computed go
        script: $temp.where = "target";
        go: ./{{$temp.where}}
        a: Say on.
        buttons:
            "To the {{$temp.where}}" -> ./{{$temp.where}}

        state: target
            a: target

            state: on
                q: on
                a: on

    # A scenario that never comes to an end is stopped.
    state: endless jumps
        q!: jump for ever
        go!: ./again

        state: again
            go!: ..

    state: jump to nowhere
        q!: jump to nowhere
        script: $temp.where = "/nowhere";
        go!: {{$temp.where}}

init:
    bind("onDialogError", function($context) {
        $reactions.answer("Stopped: " + $context.exception.message);
    }, "/tags");
