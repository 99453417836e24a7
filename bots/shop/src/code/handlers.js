// Если ошибся скрипт, покупатель видит не тишину, а извинение и кнопку.
bind("onScriptError", function($context) {
    log("Ошибка в " + $context.currentState + ": " + $context.exception.message);
    $reactions.transition("/Failure");
});
