package broker

import (
	"encoding/json"
	"fmt"
	"time"
)

// JSON is the content type of data that is JSON.
const JSON = "application/json"

const specVersion = "1.0"

// envelope is a message in the JSON format of CloudEvents.
type envelope struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        string          `json:"type"`
	Subject     string          `json:"subject,omitempty"`
	Time        time.Time       `json:"time"`
	ContentType string          `json:"datacontenttype,omitempty"`
	Traceparent string          `json:"traceparent,omitempty"`
	Data        json.RawMessage `json:"data,omitempty"`
	DataBase64  []byte          `json:"data_base64,omitempty"`
}

// MarshalJSON is the message in the JSON format of CloudEvents.
func (m Message) MarshalJSON() ([]byte, error) {
	e := envelope{
		SpecVersion: specVersion, ID: m.ID, Source: m.Source, Type: m.Type, Subject: m.Subject, Time: m.Time.UTC(),
		ContentType: m.ContentType, Traceparent: m.Traceparent,
	}
	if m.ContentType == JSON && json.Valid(m.Data) {
		e.Data = m.Data
	} else {
		e.DataBase64 = m.Data
	}
	return json.Marshal(e)
}

// UnmarshalJSON reads the JSON format of CloudEvents.
func (m *Message) UnmarshalJSON(text []byte) error {
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return err
	}
	if e.SpecVersion != specVersion {
		return fmt.Errorf("the message is of the version %q of CloudEvents, not %s", e.SpecVersion, specVersion)
	}
	*m = Message{
		ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Subject, Time: e.Time, ContentType: e.ContentType,
		Traceparent: e.Traceparent, Data: e.Data,
	}
	if e.DataBase64 != nil {
		m.Data = e.DataBase64
	}
	return nil
}
