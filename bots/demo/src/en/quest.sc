# The night adventure. The state is modal: while you are inside, nobody outside hears you.
theme: /en

    state: Quest || modal = true
        q!: * (adventure*|quest|text game) *
        a: 🌙 Three in the morning. You are on duty in the server room. The racks hum, the lights blink, and suddenly one of them is red.
        a: What do you do?
        buttons:
            "Go to the rack" -> ./Rack
            "Call the cat" -> ./Cat
            "Leave the game" -> ./Quit

        state: Rack
            q: * (rack*|red|light*) *
            a: The red light winks: "Disk almost full". Two things lie beside it: a screwdriver and a note.
            buttons:
                "Read the note" -> ../Note
                "Take the screwdriver" -> ../Screwdriver
                "Call the cat" -> ../Cat

        state: Note
            q: * (note|read) *
            a: In your colleague's hand: "Delete the old logs. And keep out of the bottom drawer!"
            buttons:
                "Delete the logs" -> ../Logs
                "Open the drawer" -> ../Drawer

        state: Screwdriver
            q: * (screwdriver|screw*|fix|repair) *
            random:
                a: You take out one screw. Then another. At the third it turns out to be the coat rack.
                a: The screwdriver is a cross, the screws are hexagons. Such is life.
            a: The light is still red. The note first, perhaps?
            buttons:
                "Read the note" -> ../Note
                "Call the cat" -> ../Cat

        state: Cat
            q: * (cat|kitty|meow|puss) *
            a: Daemon the cat steps out from behind a rack, yawns and lies down on the warmest spot. The room cools by one degree.
            a: He looks at the bottom drawer. So do you.
            buttons:
                "Open the drawer" -> ../Drawer
                "Go to the rack" -> ../Rack

        state: Drawer
            q: * (drawer|open*) *
            a: Your colleague's cookies are in there. The cat approves. But the light is on, and so is your conscience.
            buttons:
                "Delete the logs" -> ../Logs
                "Eat a cookie" -> ../Cookie

        state: Cookie
            q: * (cookie*|eat|bite) *
            a: Delicious! A crumb falls on the keyboard and hits Enter. The screen says: "Delete old logs? Done."
            go!: ../Win

        state: Logs
            q: * (log|logs|delete*|clean*) *
            a: You check the path three times, hold your breath and press Enter.
            go!: ../Win

        state: Win
            a: 🟢 The light turns green. The cat purrs at exactly 50 hertz. You saved the night!
            go!: ../Quit

        state: Quit
            q: * ($enStop|menu|$regex</start>) *
            a: Outside the server room the day is breaking.
            go!: /en/Menu

        state: Hint || noContext = true
            q: * (help|hint|what to do|do not know|don't know|$regex</help>) *
            a: Look around: the rack, the note, the screwdriver, the drawer, the cat. And "stop" takes you out.

        state: Dark || noContext = true
            event: noMatch
            random:
                a: That does not work at night. Try something else, or ask for a hint.
                a: The echo of the server room repeats your words, but nothing happens.
