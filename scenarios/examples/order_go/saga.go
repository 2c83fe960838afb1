// An order in three steps: reserve the goods, charge for them, ship. Go, and nothing but its library.
//
// `saga run ID` begins it and `saga resume ID` goes on with it, the order on stdin. Shipping is the
// pivot: when something fails before it, all is undone; after it, nothing is.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type step struct{ name, service, action, undo, ask string }

var steps = []step{
	{name: "reserve", service: "inventory", action: "POST /reservations", undo: "DELETE /reservations"},
	{name: "charge", service: "payments", action: "POST /charges", undo: "POST /refunds"},
	{name: "ship", service: "shipping", action: "POST /shipments", ask: "GET /shipments"}, // the pivot
}

const (
	attempts   = 4
	timeout    = 300 * time.Millisecond
	firstPause = 50 * time.Millisecond
)

type answer int

const (
	done answer = iota
	refused
	inDoubt
)

func main() {
	sagaID := os.Args[2] // the journal knows better than the command whether it has begun
	order := map[string]any{}
	must(json.NewDecoder(os.Stdin).Decode(&order))
	order["saga_id"] = sagaID
	told := outcome{"running", detail{Log: [][2]string{}}} // another process is at work on it
	log, err := openJournal(filepath.Join(os.Getenv("SAGA_STORE_DIR"), sagaID+".journal"))
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		must(err)
		told = (&saga{sagaID, order, log}).run()
	}
	text, err := json.Marshal(told)
	must(err)
	fmt.Printf("OUTCOME %s\n", text)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// The saga ------------------------------------------------------------------------------------

type saga struct {
	id    string
	order map[string]any
	log   *journal
}

type outcome struct {
	Status string `json:"status"`
	Detail detail `json:"detail"`
}

type detail struct {
	Error string      `json:"error"`
	Log   [][2]string `json:"log"`
}

func (s *saga) run() outcome {
	for _, next := range steps {
		if s.log.failure() != "" || !s.act(next) {
			break
		}
	}
	if s.log.failure() != "" {
		return s.undoAll()
	}
	if s.log.has("done", "ship") {
		return s.outcome("completed", "")
	}
	return s.outcome("stuck", "ship: in doubt, and it cannot be undone")
}

// act does a step, and says whether the next one may be taken.
func (s *saga) act(it step) bool {
	if s.log.has("done", it.name) {
		return true
	}
	pivot := it.ask != ""
	sentBefore := s.log.has("sent", it.name) // and then it died: that request may still arrive
	s.log.add("sent", it.name)
	body, err := json.Marshal(s.order)
	must(err)
	got, why := send(it.service, it.action, s.id+":"+it.name, body)
	if pivot && (got == inDoubt || (got == refused && sentBefore)) {
		got = s.ask(it)
	}
	if got == done {
		s.log.add("done", it.name)
	} else if got == refused || !pivot {
		s.log.add("failed", it.name+": "+why) // from here on there is no way but back
	}
	return got == done
}

// ask finds out whether a step was done. No is no answer: the request may be on its way.
func (s *saga) ask(it step) answer {
	var found struct{ Items []any }
	got, text := send(it.service, it.ask+"?saga_id="+s.id, "", nil)
	if got != done || json.Unmarshal([]byte(text), &found) != nil || len(found.Items) == 0 {
		return inDoubt
	}
	return done
}

// undoAll undoes by saga id, which finds what it does not know of; the last step first.
func (s *saga) undoAll() outcome {
	for index := len(steps) - 1; index >= 0; index-- {
		it := steps[index]
		if it.undo == "" || !s.log.has("sent", it.name) || s.log.has("undone", it.name) {
			continue
		}
		got, why := send(it.service, it.undo+"?saga_id="+s.id, s.id+":"+it.name+":undo", nil)
		if got != done { // a person has to look: `compensated` would be a lie
			return s.outcome("stuck", s.log.failure()+"; undo of "+it.name+": "+why)
		}
		s.log.add("undone", it.name)
	}
	return s.outcome("compensated", s.log.failure())
}

func (s *saga) outcome(status, failure string) outcome {
	told := [][2]string{}
	for _, line := range s.log.lines {
		if line[0] == "done" || line[0] == "undone" {
			told = append(told, [2]string{line[1], line[0]})
		}
	}
	return outcome{status, detail{failure, told}}
}

// The journal ---------------------------------------------------------------------------------

// journal is what happened, a line each, and each on the disk before anything else is done.
type journal struct {
	file  *os.File
	lines [][2]string
}

// openJournal fails with EWOULDBLOCK while another process has it open; the lock dies with its process.
func openJournal(path string) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	must(err)
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(file)
	must(err)
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	must(file.Truncate(int64(len(whole)))) // a line that was cut short never happened
	it := &journal{file: file}
	for lines := json.NewDecoder(bytes.NewReader(whole)); lines.More(); {
		var read [2]string
		must(lines.Decode(&read))
		it.lines = append(it.lines, read)
	}
	folder, err := os.Open(filepath.Dir(path))
	must(err)
	must(folder.Sync()) // or a new file may be gone after a power cut
	return it, folder.Close()
}

func (j *journal) add(word, what string) {
	if j.has(word, what) {
		return
	}
	line, err := json.Marshal([2]string{word, what})
	must(err)
	_, err = j.file.Write(append(line, '\n'))
	must(err)
	must(j.file.Sync())
	j.lines = append(j.lines, [2]string{word, what})
}

func (j *journal) has(word, what string) bool {
	return slices.Contains(j.lines, [2]string{word, what})
}

// failure says why it turned back; nothing while it goes forward.
func (j *journal) failure() string {
	for _, line := range j.lines {
		if line[0] == "failed" {
			return line[1]
		}
	}
	return ""
}

// Requests ------------------------------------------------------------------------------------

// A connection for each: one that is kept may be dead before it is used again.
var client = http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true}}

// send asks until there is an answer: done and what it says, or refused or inDoubt and why.
// refused means that surely nothing was done: each attempt was refused, or found nobody there.
func send(service, route, key string, body []byte) (answer, string) {
	worst, why, pause := refused, "", firstPause
	for attempt := 0; attempt < attempts; attempt++ {
		if attempt > 0 {
			time.Sleep(pause)
			pause = firstPause << attempt
		}
		status, wait, text, err := once(service, route, key, body)
		undoing := key != "" && body == nil
		switch {
		case errors.Is(err, syscall.ECONNREFUSED):
			why = "nobody listens"
		case err != nil: // silence, a cut, or nonsense
			worst, why = inDoubt, err.Error()
		case status >= 200 && status < 300 && status != 202, undoing && (status == 404 || status == 410):
			return done, text
		case status >= 400 && status < 500 && status != 429:
			return worst, fmt.Sprintf("answered %d", status)
		default:
			why, pause = fmt.Sprintf("answered %d", status), max(pause, wait)
			if status != 429 {
				worst = inDoubt
			}
		}
	}
	return worst, why
}

// once makes one request: its status, how long to wait, and its text, which is JSON or nothing.
func once(service, route, key string, body []byte) (int, time.Duration, string, error) {
	method, path, _ := strings.Cut(route, " ")
	url := os.Getenv("SAGA_"+strings.ToUpper(service)+"_URL") + path
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	must(err)
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	reply, err := client.Do(request)
	if err != nil {
		return 0, 0, "", err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err == nil && len(text) > 0 && !json.Valid(text) {
		err = errors.New("an answer that is no JSON")
	}
	seconds, _ := strconv.Atoi(reply.Header.Get("Retry-After"))
	return reply.StatusCode, time.Duration(seconds) * time.Second, string(text), err
}
