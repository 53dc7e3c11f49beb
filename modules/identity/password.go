package identity

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/frequency"
	"golang.org/x/text/unicode/norm"

	"github.com/trellis-go/trellis/platform/problem"
)

// Passwords have 8 to 128 characters and are none of those that everybody tries first. Nothing else is asked of them, as
// NIST SP 800-63B has it.
const (
	minPassword = 8
	maxPassword = 128
)

// common are the passwords that are found most often in published leaks, most of them shorter than ours may be: the list
// of github.com/trustelem/zxcvbn, some 30,000, under the MIT licence. It is in small letters.
var common = sync.OnceValue(func() map[string]struct{} {
	list := frequency.FrequencyLists["passwords"]
	known := make(map[string]struct{}, len(list))
	for _, one := range list {
		if len(one) >= minPassword {
			known[one] = struct{}{}
		}
	}
	return known
})

// normalPassword is the password as it is hashed: two keyboards that write the same letters by other code points must
// give the same.
func normalPassword(text string) string { return norm.NFC.String(text) }

// checkPassword refuses a password that breaks a rule; pointer says where it stands in the body.
func checkPassword(password, email, pointer string) error {
	var rule string
	lower := strings.ToLower(password)
	local, _, _ := strings.Cut(email, "@")
	_, known := common()[lower]
	switch length := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		rule = "must be text"
	case length < minPassword || length > maxPassword:
		rule = "must have 8 to 128 characters"
	case known:
		rule = "must not be one of the most common passwords"
	case lower == email || lower == local:
		rule = "must not be the email address"
	default:
		return nil
	}
	return problem.Invalid.New("").With(problem.Field{In: "body", Pointer: pointer, Detail: rule})
}
