package inventory

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/platform/problem"
)

// The problems of reservations.
var (
	ErrReservationNotFound = problem.Define(http.StatusNotFound, "reservation_not_found", "The reservation does not exist",
		"Nothing was reserved under this reference.")
	ErrReservationClosed = problem.Define(http.StatusConflict, "reservation_closed", "The reservation has come to an end",
		"Its pieces were taken, or given back: it was committed, released, or has expired.")
)

// State is how far a reservation has come.
type State string

// The states of a reservation. All but the first are final, except that what was released or has expired may be reserved
// again under the same reference.
const (
	Open      State = "open"      // its pieces are promised
	Committed State = "committed" // its pieces are gone
	Released  State = "released"  // its pieces were given back
	Expired   State = "expired"   // likewise, since its time was over
)

// Reservation is pieces that are promised to somebody.
type Reservation struct {
	ID        string     `gorm:"size:36;primaryKey;index:inventory_reservations_due,priority:3"`
	Reference string     `gorm:"size:100;not null;uniqueIndex:inventory_reservations_reference"` // what whoever made it calls it
	State     State      `gorm:"size:20;not null;index:inventory_reservations_due,priority:1"`
	ExpiresAt *time.Time `gorm:"precision:6;index:inventory_reservations_due,priority:2"` // nil: it does not expire
	CreatedAt time.Time  `gorm:"precision:6;not null;autoCreateTime:false"`
	UpdatedAt time.Time  `gorm:"precision:6;not null;autoUpdateTime:false"`
}

// TableName names the table.
func (Reservation) TableName() string { return "inventory_reservations" }

// due tells whether its time is over.
func (r *Reservation) due(now time.Time) bool {
	return r.State == Open && r.ExpiresAt != nil && !r.ExpiresAt.After(now)
}

func (r *Reservation) closed() error {
	return ErrReservationClosed.Errorf("the reservation %q is %s", r.Reference, r.State)
}

// Hold is the part of a reservation that lies at one location.
type Hold struct {
	ID            string `gorm:"size:36;primaryKey;index:inventory_holds_product,priority:3"`
	ReservationID string `gorm:"size:36;not null;index:inventory_holds_reservation"`
	ProductID     string `gorm:"size:36;not null;index:inventory_holds_product,priority:1"`
	Location      string `gorm:"size:64;not null"`
	Quantity      int64  `gorm:"not null"`
	State         State  `gorm:"size:20;not null;index:inventory_holds_product,priority:2"` // that of the reservation, to list by

	Reservation *Reservation // makes the foreign key; loaded for lists
}

// TableName names the table.
func (Hold) TableName() string { return "inventory_holds" }

// sameLines tells whether the holds are those that the lines ask for.
func sameLines(holds []Hold, lines []inventoryapi.Line) bool {
	held := map[string]int64{}
	for _, hold := range holds {
		held[hold.ProductID] += hold.Quantity
	}
	for _, line := range lines {
		if held[line.ProductID] != int64(line.Quantity) {
			return false
		}
	}
	return len(held) == len(lines)
}

// checkLines finds lines that nobody may ask for. It is a mistake in the program.
func checkLines(lines []inventoryapi.Line) error {
	seen := map[string]bool{}
	for _, line := range lines {
		if line.Quantity < 1 || seen[line.ProductID] {
			return problem.Trace(fmt.Errorf("reserve %d × %s: at least one piece, and no product twice", line.Quantity, line.ProductID))
		}
		seen[line.ProductID] = true
	}
	return nil
}

// productsOf lists the products of the lines in the order in which their stock is locked.
func productsOf(lines []inventoryapi.Line) []string {
	ids := make([]string, len(lines))
	for i, line := range lines {
		ids[i] = line.ProductID
	}
	slices.Sort(ids)
	return ids
}

// allocate takes the pieces of every line from the stocks, which are in the order of their ids, and gives the holds without
// their ids. It takes a line from one location where one has enough, or else from one after the other. The error is
// ErrInsufficientStock with a field for each line that cannot be had.
func allocate(stocks []Stock, lines []inventoryapi.Line) ([]Hold, error) {
	byProduct := map[string][]*Stock{}
	for i := range stocks {
		byProduct[stocks[i].ProductID] = append(byProduct[stocks[i].ProductID], &stocks[i])
	}
	var holds []Hold
	var short []problem.Field
	for i, line := range lines {
		wanted, places := int64(line.Quantity), byProduct[line.ProductID]
		if available := sum(places); available < wanted {
			short = append(short, problem.Field{
				In: "body", Pointer: fmt.Sprintf("/lines/%d/quantity", i),
				Detail: fmt.Sprintf("of the product %s are %d available, %d asked for", line.ProductID, available, wanted),
			})
			continue
		}
		if whole := slices.IndexFunc(places, func(s *Stock) bool { return s.Available() >= wanted }); whole >= 0 {
			places = places[whole:]
		}
		holds = append(holds, take(places, wanted)...)
	}
	if short != nil {
		return nil, ErrInsufficientStock.New(short[0].Detail).With(short...)
	}
	return holds, nil
}

func sum(places []*Stock) (available int64) {
	for _, stock := range places {
		available += stock.Available()
	}
	return available
}

// take reserves the pieces at one location after the other.
func take(places []*Stock, wanted int64) (holds []Hold) {
	for _, stock := range places {
		part := min(wanted, stock.Available())
		if part == 0 {
			continue
		}
		stock.Reserved += part
		wanted -= part
		holds = append(holds, Hold{ProductID: stock.ProductID, Location: stock.Location, Quantity: part, State: Open})
	}
	return holds
}
