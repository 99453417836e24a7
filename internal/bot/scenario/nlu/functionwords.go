package nlu

import "strings"

// functionWords are the words a language is made with. Few phrases do not show how usual they
// are, so it is said here: a phrase that shares only these with an example is not like it.
var functionWords = set(`
a an the i me my mine you your yours he she it its we us our they them their this that these those
is are am was were be been being do does did done doing have has had having will would can could
shall should may might must to of in on at by for from with about into as and or but if so than
then there here what which who whom whose when where why how all any some no not just please
im ive id ill youre its thats whats dont doesnt didnt cant couldnt wont isnt arent wasnt
let lets get got go tell give show want need like know make really very too also up out over
hi hello hey ok okay thanks thank now one
я мне меня мной мой моя мое мои моего моей моих мою ты тебе тебя твой твоя вы вам вас ваш ваша ваше
ваши вашей вашего он она оно они его ее их им ему ей мы нам нас наш наша это этот эта эти того той тот та те
то такой такая такое такие быть есть был была было были будет будут буду в во на по за из изо от до к ко с со
у о об обо при для про под над без через между и а но или да же ли бы если чтобы что как так где куда когда
почему зачем кто какой какая какое какие каком какую который которая которые сколько чем не ни нет ну вот
тут там здесь уже еще только очень можно нужно надо хочу хотел хотела хотелось могу можете можешь мочь
пожалуйста подскажите подскажи скажите скажи привет здравствуйте добрый день спасибо все всё сейчас просто
`)

func set(list string) map[string]struct{} {
	m := map[string]struct{}{}
	for _, w := range strings.Fields(list) {
		m[fold(w)] = struct{}{}
	}
	return m
}
