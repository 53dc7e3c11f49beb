package problem

import "net/http"

// The kinds that the platform itself answers with.
var (
	Malformed = Define(http.StatusBadRequest, "malformed_body", "The body cannot be read",
		"The body is not well-formed for its content type. Nothing was done; mend the body and send it again.")
	BadRequest = Define(http.StatusBadRequest, "bad_request", "The request cannot be understood",
		"The request breaks a rule of HTTP or of this API. The detail says which.")
	UnknownVersion = Define(http.StatusBadRequest, "unknown_version", "The API version does not exist",
		"The path, the API-Version header or the Accept header names a version that is not served. The detail lists those that are.")
	InvalidCursor = Define(http.StatusBadRequest, "invalid_cursor", "The cursor is not valid",
		"A cursor comes from next_cursor or the Link header of a list and goes back unchanged, with the same filters and "+
			"sort order. Leave it out to start again from the first page.")
	NotFound = Define(http.StatusNotFound, "not_found", "Nothing is found here",
		"No operation is served under this path. See /docs for those that are.")
	MethodNotAllowed = Define(http.StatusMethodNotAllowed, "method_not_allowed", "The method is not allowed here",
		"The path exists but does not serve this method. The Allow header lists those it serves.")
	RequestTimeout = Define(http.StatusRequestTimeout, "request_timeout", "The request took too long to arrive",
		"The body did not arrive in time. Send it again.")
	Conflict = Define(http.StatusConflict, "conflict", "The request conflicts with the current state",
		"The resource is in a state that does not allow this. Read it again, then decide.")
	PreconditionFailed = Define(http.StatusPreconditionFailed, "precondition_failed", "The resource has changed",
		"The If-Match header does not name the current version, so somebody else has changed the resource since you "+
			"read it. Nothing was written. Read it again, apply your change to what it is now, and send the new ETag.")
	TooLarge = Define(http.StatusRequestEntityTooLarge, "payload_too_large", "The body is too large",
		"The body is larger than this operation accepts. The detail names the limit.")
	UnsupportedMediaType = Define(http.StatusUnsupportedMediaType, "unsupported_media_type", "The content type is not supported",
		"The operation does not read this Content-Type. See /docs for what it reads.")
	Invalid = Define(http.StatusUnprocessableEntity, "validation_failed", "The request is not valid",
		"The request is well-formed but breaks rules. The errors member lists every one of them with a pointer to the "+
			"field. Nothing was written.")
	PreconditionRequired = Define(http.StatusPreconditionRequired, "precondition_required", "The request must be conditional",
		"Changing this resource needs an If-Match header with the ETag that you read, so that no change of somebody else "+
			"is overwritten unseen.")
	RateLimited = Define(http.StatusTooManyRequests, "rate_limited", "Too many requests",
		"The client has used up its allowance. The Retry-After header says when to come again, and the RateLimit headers "+
			"what the allowance is.")
	ClientClosed = Define(499, "client_closed_request", "The client went away",
		"The client closed the connection before the answer was ready.")
	Internal = Define(http.StatusInternalServerError, "internal", "Something went wrong on our side",
		"The request was in order, the server was not. It has been logged under the request id; quote it when you report it.")
	Unavailable = Define(http.StatusServiceUnavailable, "unavailable", "The service is unavailable for the moment",
		"Something that this operation needs is down or overloaded. The Retry-After header says when to come again.")
	Timeout = Define(http.StatusGatewayTimeout, "timeout", "The answer took too long",
		"The server gave up on the operation after its time limit. A change may be repeated safely: it was rolled back.")
)

// ForStatus is the platform's kind for an HTTP status that a library chose; Internal when there is none.
func ForStatus(status int) *Kind {
	switch status {
	case http.StatusBadRequest:
		return BadRequest
	case http.StatusNotFound:
		return NotFound
	case http.StatusMethodNotAllowed:
		return MethodNotAllowed
	case http.StatusRequestTimeout:
		return RequestTimeout
	case http.StatusConflict:
		return Conflict
	case http.StatusRequestEntityTooLarge:
		return TooLarge
	case http.StatusUnsupportedMediaType:
		return UnsupportedMediaType
	case http.StatusUnprocessableEntity:
		return Invalid
	default:
		return Internal
	}
}
