package chat

// The texts the server itself says to a client, when the chat's settings have none.

func failureText(c *Chat) string {
	if c.Settings.BotFailureMessage != "" {
		return c.Settings.BotFailureMessage
	}
	if c.Language == "en" {
		return "Sorry, something went wrong on our side. Please try again a little later."
	}
	return "Извините, у нас что-то пошло не так. Попробуйте ещё раз чуть позже."
}

func busyText(c *Chat) string {
	if c.Settings.OperatorsBusyMessage != "" {
		return c.Settings.OperatorsBusyMessage
	}
	if c.Language == "en" {
		return "All our operators are busy. Please wait, we will answer you here."
	}
	return "Сейчас все операторы заняты. Пожалуйста, подождите, мы ответим вам здесь."
}
