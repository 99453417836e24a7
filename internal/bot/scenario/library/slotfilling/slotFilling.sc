# Questions for what an intent needs are asked by the platform itself: there is nothing to load.
