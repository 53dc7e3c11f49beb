package inventory

import "time"

// stock is how many pieces lie somewhere, as it is shown.
type stock struct {
	ProductID string    `json:"product_id" format:"uuid"`
	Location  string    `json:"location" example:"main"`
	OnHand    int64     `json:"on_hand" example:"100" doc:"Pieces that are there"`
	Reserved  int64     `json:"reserved" example:"3" doc:"Of them, promised to somebody"`
	Available int64     `json:"available" example:"97" doc:"Of them, still to be had"`
	Version   int64     `json:"version" example:"4" doc:"Grows by one with every change"`
	UpdatedAt time.Time `json:"updated_at"`
}

func showStock(s *Stock) stock {
	return stock{
		ProductID: s.ProductID, Location: s.Location, OnHand: s.OnHand, Reserved: s.Reserved, Available: s.Available(),
		Version: s.Version, UpdatedAt: s.UpdatedAt,
	}
}

// entry is a line of the ledger, as it is shown.
type entry struct {
	ID        string    `json:"id" format:"uuid"`
	ProductID string    `json:"product_id" format:"uuid"`
	Location  string    `json:"location" example:"main"`
	Delta     int64     `json:"delta" example:"100" doc:"Pieces that came, or went when it is negative"`
	OnHand    int64     `json:"on_hand" example:"100" doc:"Pieces that were there afterwards"`
	Version   int64     `json:"version" example:"1" doc:"Of the stock, afterwards"`
	Reason    string    `json:"reason" enum:"received,returned,damaged,lost,counted,corrected,sold"`
	Note      string    `json:"note"`
	Reference string    `json:"reference" doc:"Of the reservation whose pieces went, such as an order's id; empty when there was none"`
	Actor     string    `json:"actor" doc:"The user who changed it; empty when the application did so by itself"`
	CreatedAt time.Time `json:"created_at"`
}

func showEntry(e *Entry) entry {
	return entry{
		ID: e.ID, ProductID: e.ProductID, Location: e.Location, Delta: e.Delta, OnHand: e.OnHand, Version: e.Version, Reason: e.Reason,
		Note: e.Note, Reference: e.Reference, Actor: e.Actor, CreatedAt: e.CreatedAt,
	}
}

// reservation is what is reserved of a product at one location, as it is shown.
type reservation struct {
	Reference string     `json:"reference" doc:"What whoever made the reservation calls it, such as an order's id"`
	State     State      `json:"state" enum:"open,committed,released,expired"`
	Location  string     `json:"location" example:"main"`
	Quantity  int64      `json:"quantity" example:"2"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When the pieces are given back; absent when they are kept"`
	CreatedAt time.Time  `json:"created_at"`
}

func showReservation(h *Hold) reservation {
	return reservation{
		Reference: h.Reservation.Reference, State: h.State, Location: h.Location, Quantity: h.Quantity,
		ExpiresAt: h.Reservation.ExpiresAt, CreatedAt: h.Reservation.CreatedAt,
	}
}
