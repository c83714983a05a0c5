#include "cli/chat/plain_front.hpp"

#include <utility>

#include "async/sleep.hpp"
#include "terminal/keys.hpp"
#include "text/strings.hpp"

namespace oap::cli::chat {
namespace {

constexpr std::size_t kMaxText = 16U << 20U;

}  // namespace

PlainFront::PlainFront(std::unique_ptr<Tty> tty, Person& person)
    : tty_(std::move(tty)), person_(person) {}

std::size_t PlainFront::width() const { return tty_->size().columns; }

Task<void> PlainFront::listen() {
  prompt();
  while (true) {
    auto bytes = co_await tty_->read();
    if (!bytes) {
      co_return;
    }
    if (bytes->empty()) {
      person_.ended();
      co_return;
    }
    if (tty_->came_early()) {
      continue;
    }
    pending_ += *bytes;
    for (std::size_t end = pending_.find('\n'); end != std::string::npos;
         end = pending_.find('\n')) {
      std::string line = terminal::pasted_text(std::string_view(pending_).substr(0, end));
      pending_.erase(0, end + 1);
      at_prompt_.clear();
      take_line(std::move(line));
    }
    if (pending_.size() > kMaxText) {
      pending_.clear();
    }
  }
}

Task<void> PlainFront::animate() {
  const Deadline never = Deadline::never();
  [[maybe_unused]] const auto ended = co_await async::sleep_until(never);
}

void PlainFront::take_line(std::string line) {
  if (person_.state() == Person::State::kAsking) {
    person_.answered(text::trim(line));
    prompt();
    return;
  }
  if (line.ends_with('\\') && text_.size() < kMaxText) {
    line.pop_back();
    text_ += line + "\n";
    tty_->write(". ");
    return;
  }
  std::string whole = std::exchange(text_, {}) + line;
  if (!text::trim(whole).empty()) {
    std::string shown = whole;
    person_.said(std::move(whole), std::move(shown));
  }
  prompt();
}

void PlainFront::prompt() {
  std::string wanted;
  if (person_.state() == Person::State::kAsking) {
    for (const terminal::Line& row : person_.live_rows(width(), 1)) {
      wanted = terminal::plain(row);
    }
  } else if (person_.state() == Person::State::kIdle) {
    wanted = "> ";
  }
  const std::string question = person_.question();
  if (question != drawn_question_ && !question.empty()) {
    tty_->discard_input();
    pending_.clear();
    text_.clear();
  }
  drawn_question_ = question;
  if (wanted != at_prompt_) {
    tty_->write((at_prompt_.empty() ? "" : "\n") + wanted);
    at_prompt_ = wanted;
  }
}

void PlainFront::print(std::vector<terminal::Line> rows) {
  std::string out = at_prompt_.empty() || rows.empty() ? "" : "\n";
  if (!rows.empty()) {
    at_prompt_.clear();
  }
  for (const terminal::Line& row : rows) {
    out += terminal::plain(row) + "\n";
  }
  tty_->write(out);
}

void PlainFront::changed() { prompt(); }

void PlainFront::give_back(std::string_view text) {
  print({{{"not sent: " + std::string(text::split_lines(text).front())}}});
}

}  // namespace oap::cli::chat
