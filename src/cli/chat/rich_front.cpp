#include "cli/chat/rich_front.hpp"

#include <algorithm>
#include <utility>

#include "async/deadline.hpp"
#include "async/sleep.hpp"
#include "terminal/width.hpp"
#include "text/strings.hpp"

namespace oap::cli::chat {
namespace {

using terminal::Asked;
using terminal::Key;
using terminal::Line;
using terminal::Style;

constexpr Millis kEscapeWait{50};
constexpr Millis kFrame{30};
constexpr Millis kBeat{120};
constexpr Millis kTypingPause{700};
constexpr std::size_t kMostHints = 8;
constexpr Style kQuiet{.colour = terminal::Colour::kGrey};

}  // namespace

RichFront::RichFront(Executor executor, std::unique_ptr<Tty> tty, terminal::Paint paint,
                     Person& person)
    : tty_(std::move(tty)),
      paint_(paint),
      person_(person),
      width_(80),
      screen_(paint, 80),
      wake_(std::move(executor)),
      last_key_(SteadyTime{}) {
  measure();
  tty_->on_resize([this] {
    measure();
    changed();
  });
}

RichFront::~RichFront() {
  tty_->on_resize({});
  tty_->write(screen_.frame(done_, {}));
  tty_->write("\x1b[?25h");
}

void RichFront::restore() {
  tty_->write(screen_.erase());
  tty_->restore();
}

void RichFront::measure() {
  const Size size = tty_->size();
  width_ = std::max<std::size_t>(size.columns, 4);
  rows_ = std::max<std::size_t>(size.rows, 3);
  screen_.set_width(width_);
}

void RichFront::changed() { wake_.notify(); }

void RichFront::print(std::vector<Line> rows) {
  std::move(rows.begin(), rows.end(), std::back_inserter(done_));
  changed();
}

void RichFront::give_back(std::string_view text) {
  if (editor_.empty()) {
    editor_.set_text(text);
  } else {
    editor_.set_text(std::string(text) + "\n" + editor_.text());
  }
  changed();
}

void RichFront::clear_screen() {
  screen_.forget();
  tty_->write("\x1b[H\x1b[2J");
  changed();
}

Task<void> RichFront::listen() {
  while (true) {
    Result<std::string> bytes = std::string();
    if (keys_.waits()) {
      auto reading = tty_->read();
      bytes = co_await async::with_deadline(Deadline::after(kEscapeWait), std::move(reading),
                                            "the rest of a key");
    } else {
      bytes = co_await tty_->read();
    }
    std::vector<Key> keys;
    if (!bytes) {
      if (bytes.error().code() != Code::kDeadlineExceeded) {
        co_return;
      }
      keys = keys_.flush();
    } else if (bytes->empty()) {
      person_.ended();
      co_return;
    } else {
      keys = keys_.feed(*bytes);
      if (!tty_->came_early()) {
        keys = terminal::as_pasted(std::move(keys));
      }
    }
    measure();  // the signal of a change may come after keys that were pressed later
    for (const Key& key : keys) {
      press(key, tty_->came_early());
    }
    changed();
  }
}

Task<void> RichFront::animate() {
  while (true) {
    draw();
    const bool moving = person_.state() == Person::State::kWorking;
    const Deadline beat = moving ? Deadline::after(kBeat) : Deadline::never();
    if (co_await wake_.wait(beat) == async::Event::Wake::kCancelled) {
      co_return;
    }
    if (!co_await async::sleep_for(kFrame)) {
      co_return;
    }
    wake_.reset();
  }
}

void RichFront::press(const Key& key, bool early) {
  if (!early && !drawn_question_.empty() && person_.question() == drawn_question_) {
    answer(key);
    return;
  }
  const bool was_empty = editor_.empty();
  person_.touched();
  hints_.clear();
  last_key_ = system_clock().steady();
  switch (editor_.press(key)) {
    case Asked::kSubmit:
      submit();
      break;
    case Asked::kInterrupt:
      if (person_.state() == Person::State::kIdle) {
        editor_.clear();
      }
      person_.interrupted(was_empty);
      break;
    case Asked::kEnd:
      person_.ended();
      break;
    case Asked::kEscape:
      person_.escaped();
      break;
    case Asked::kComplete:
      complete();
      break;
    case Asked::kClear:
      clear_screen();
      break;
    case Asked::kSuspend:
      tty_->write(screen_.erase());
      tty_->suspend();
      screen_.forget();
      measure();
      break;
    case Asked::kOther:
    case Asked::kNothing:
      break;
  }
}

void RichFront::submit() {
  std::string shown = editor_.shown_text();
  std::string whole = editor_.take();
  if (!text::trim(whole).empty()) {
    last_key_ = SteadyTime{};
    person_.said(std::move(whole), std::move(shown));
  }
}

/// One key answers, but where the person was writing when the question came, Enter must follow:
/// nobody approves with a letter of another word.
void RichFront::answer(const Key& key) {
  if (key.kind == Key::Kind::kEscape) {
    answer_.clear();
    person_.answered("n");
  } else if (key.kind == Key::Kind::kControl && key.text == "c") {
    answer_.clear();
    person_.interrupted(true);
  } else if (key.kind == Key::Kind::kControl && key.text == "d") {
    person_.ended();
  } else if (key.kind == Key::Kind::kText) {
    take_answer(key.text);
  } else if (key.kind == Key::Kind::kBackspace) {
    answer_.clear();
  } else if (key.kind == Key::Kind::kEnter && !answer_.empty()) {
    person_.answered(std::exchange(answer_, {}));
  }
}

void RichFront::take_answer(const std::string& text) {
  constexpr std::size_t kMostAnswer = 40;
  careful_ = careful_ || text.size() != 1 ||
             std::string_view("yYaAnN").find(text) == std::string_view::npos;
  if (!careful_) {
    person_.answered(text);
  } else if (answer_.size() < kMostAnswer) {
    answer_ += text;
  }
}

void RichFront::complete() {
  const terminal::Completion found = person_.complete(editor_.before_cursor());
  if (!editor_.complete(found) && found.candidates.size() > 1) {
    hints_ = found.candidates;
  }
}

terminal::Live RichFront::asking() {
  const std::size_t columns = width_ - 1;
  terminal::Live live;
  live.rows = person_.live_rows(columns, 1);
  if (careful_) {
    terminal::add(live.rows.back(), "(then Enter) " + answer_, kQuiet);
  }
  live.rows.back() = terminal::clipped(live.rows.back(), columns);
  live.cursor_column = terminal::columns_of(live.rows.back());
  return live;
}

terminal::Live RichFront::live() {
  const std::string question = person_.question();
  if (!question.empty() && question != drawn_question_) {
    const auto idle = system_clock().steady() - last_key_;
    careful_ = !editor_.empty() || idle < kTypingPause;
    answer_.clear();
  }
  drawn_question_ = question;
  if (!question.empty()) {
    return asking();
  }
  terminal::Live live;
  const std::size_t columns = width_ - 1;
  terminal::EditorLook look;
  look.width = columns;
  look.max_rows = std::max<std::size_t>(1, rows_ / 2);
  look.prompt = {{"› ", {.bold = true, .colour = terminal::Colour::kCyan}}};
  if (editor_.searched()) {
    look.prompt = {
        {terminal::clipped("search '" + terminal::shown(*editor_.searched()) + "' ", columns / 2),
         kQuiet}};
  }
  const terminal::EditorView view = editor_.view(look);
  const std::size_t hints = std::min(hints_.size(), kMostHints);
  const std::size_t taken = view.rows.size() + hints + 1;
  live.rows = person_.live_rows(columns, rows_ > taken ? rows_ - taken : 0);
  live.cursor_row = live.rows.size() + view.cursor_row;
  live.cursor_column = std::min(view.cursor_column, columns);
  live.rows.insert(live.rows.end(), view.rows.begin(), view.rows.end());
  for (std::size_t i = 0; i < hints && taken < rows_; ++i) {
    live.rows.push_back({{"  " + terminal::shown(hints_[i]), kQuiet}});
  }
  if (hints_.size() > hints && hints > 0) {
    live.rows.back() = {{"  …", kQuiet}};
  }
  for (Line& row : live.rows) {
    row = terminal::clipped(row, columns);
  }
  return live;
}

void RichFront::draw() {
  if (const std::string question = person_.question();
      !question.empty() && question != drawn_question_) {
    drawn_question_.clear();
    for (const Key& key : keys_.feed(tty_->take_input())) {
      press(key);  // typed before the question stood there: it answers nothing
    }
  }
  const terminal::Live now = live();
  tty_->write(screen_.frame(std::exchange(done_, {}), now));
}

}  // namespace oap::cli::chat
