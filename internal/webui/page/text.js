// The page's own texts in both languages, and which one is spoken.

const texts = {
  en: {
    restart: "New conversation",
    language: "Language",
    messages: "Conversation",
    typing: "typing",
    message: "Your message",
    placeholder: "Write a message…",
    send: "Send",
    starting: "Starting…",
    connecting: "Connecting…",
    online: "Online",
    offline: "Connection lost, trying again…",
    stopped: "Not connected",
    you: "You",
    bot: "Bot",
    operator: "Operator",
    sending: "sending…",
    failed: "not sent",
    retry: "Try again",
    file: "File",
    demoOff: "The demo chat is switched off here. It answers only while the server listens on a loopback address and was started without --demo=false.",
    closed: "The conversation has ended.",
    unreachable: "The server cannot be reached.",
    busy: "The server is busy right now. Please try again in a moment.",
    tooMany: "That was a little too fast. Please wait a moment.",
    tooLong: "This message is too long.",
    trouble: "Something went wrong. Please try again.",
  },
  ru: {
    restart: "Новый разговор",
    language: "Язык",
    messages: "Разговор",
    typing: "печатает",
    message: "Ваше сообщение",
    placeholder: "Напишите сообщение…",
    send: "Отправить",
    starting: "Начинаем…",
    connecting: "Соединяемся…",
    online: "На связи",
    offline: "Связь прервалась, пробуем ещё раз…",
    stopped: "Нет связи",
    you: "Вы",
    bot: "Бот",
    operator: "Оператор",
    sending: "отправляется…",
    failed: "не отправлено",
    retry: "Ещё раз",
    file: "Файл",
    demoOff: "Демо-чат здесь выключен. Он отвечает, только пока сервер слушает локальный адрес и запущен без --demo=false.",
    closed: "Разговор завершён.",
    unreachable: "Сервер недоступен.",
    busy: "Сервер сейчас занят. Попробуйте чуть позже.",
    tooMany: "Слишком быстро. Подождите немного, пожалуйста.",
    tooLong: "Сообщение слишком длинное.",
    trouble: "Что-то пошло не так. Попробуйте ещё раз.",
  },
};

let language = "en";

// speak switches the language and every text on the page that names its key.
export function speak(wanted) {
  language = wanted in texts ? wanted : "en";
  document.documentElement.lang = language;
  for (const e of document.querySelectorAll("[data-text]")) e.textContent = text(e.dataset.text);
  for (const e of document.querySelectorAll("[data-label]")) e.setAttribute("aria-label", text(e.dataset.label));
  for (const e of document.querySelectorAll("[data-placeholder]")) e.placeholder = text(e.dataset.placeholder);
  for (const e of document.querySelectorAll("time")) e.textContent = clock(e.dateTime);
  for (const e of document.querySelectorAll("[data-language]")) {
    e.setAttribute("aria-pressed", String(e.dataset.language === language));
  }
  return language;
}

export function text(key) {
  return texts[language][key] ?? "";
}

// name has an element show a text, in whatever language is spoken; "" shows nothing.
export function name(element, key) {
  element.dataset.text = key;
  element.textContent = text(key);
}

export function clock(time) {
  return new Date(time).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
}

// preferred is the first of the browser's languages that the page speaks.
export function preferred() {
  const known = (navigator.languages ?? []).map((l) => l.slice(0, 2).toLowerCase()).find((l) => l in texts);
  return known ?? "en";
}
