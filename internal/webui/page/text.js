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
    setupTitle: "First administrator",
    setupIntro: "This link makes you the administrator of this server. You get an API key that may do everything; with it, others are made.",
    setupName: "Name of the key",
    setupGet: "Get the key",
    setupOnce: "Keep this key now: nobody can show it again.",
    setupKey: "The key",
    setupCopy: "Copy",
    setupCopied: "Copied",
    setupNext: "Try it in a terminal:",
    setupNoToken: "This address is not complete. Open the whole link that the server has printed at its start, with what stands behind the #.",
    setupVoid: "This link is not valid: it works once, and only until the server starts anew. While there is no administrator, every start prints a new one.",
    setupBadName: "Choose a name of 1 to 255 characters.",
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
    setupTitle: "Первый администратор",
    setupIntro: "Эта ссылка делает вас администратором этого сервера. Вы получите ключ API, которому можно всё; им создаются другие ключи.",
    setupName: "Имя ключа",
    setupGet: "Получить ключ",
    setupOnce: "Сохраните ключ сейчас: показать его ещё раз не сможет никто.",
    setupKey: "Ключ",
    setupCopy: "Скопировать",
    setupCopied: "Скопировано",
    setupNext: "Попробуйте его в терминале:",
    setupNoToken: "Адрес неполный. Откройте всю ссылку, которую сервер напечатал при запуске, вместе с тем, что стоит после #.",
    setupVoid: "Ссылка недействительна: она работает один раз и только до нового запуска сервера. Пока администратора нет, каждый запуск печатает новую.",
    setupBadName: "Выберите имя от 1 до 255 символов.",
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
