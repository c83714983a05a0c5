#include "mcp/server/session_stream.hpp"

#include <charconv>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace oap::mcp {
namespace {

constexpr Millis kRetry{1000};

std::string event_with_id(EventId id, std::string_view message) {
  std::string event = "id: " + to_string(id) + "\ndata: ";
  event += message;
  event += "\n\n";
  return event;
}

std::string priming_event(EventId id, Millis retry) {
  return fmt::format("id: {}\nretry: {}\ndata: \n\n", to_string(id), retry.count());
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::string to_string(EventId id) { return fmt::format("{}-{}", id.stream, id.number); }

std::optional<EventId> parse_event_id(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto stream = number_of(text.substr(0, dash));
  const auto number = number_of(text.substr(dash + 1));
  if (!stream || !number) {
    return std::nullopt;
  }
  return EventId{*stream, *number};
}

void EventLog::forget_streams() {
  std::set<std::uint64_t> kept;
  for (const Event& event : events) {
    kept.insert(event.id.stream);
  }
  std::erase_if(streams, [&](const auto& entry) {
    return entry.second->is_concluded() && !kept.contains(entry.first);
  });
}

void EventStore::drop_oldest() {
  const Entry entry = std::move(order_.front());
  order_.pop_front();
  bytes_ -= entry.bytes;
  const auto log = entry.log.lock();
  if (log && log->dropped <= entry.place && !log->events.empty()) {
    log->events.pop_front();
    ++log->dropped;
  }
}

void EventStore::keep(const std::shared_ptr<EventLog>& log, EventId id, std::string message) {
  constexpr std::size_t kOverhead = 128;
  const std::size_t bytes = message.size() + kOverhead;
  order_.push_back(
      {log, log->dropped + log->events.size(), bytes, std::chrono::steady_clock::now()});
  bytes_ += bytes;
  log->events.push_back({id, std::move(message)});
  if (log->events.size() > limits_.max_kept_events) {
    log->events.pop_front();
    ++log->dropped;
  }
  while (bytes_ > limits_.max_kept_bytes && !order_.empty()) {
    drop_oldest();
  }
}

void EventStore::sweep(SteadyTime now) {
  while (!order_.empty() && now - order_.front().at >= limits_.kept_for) {
    drop_oldest();
  }
}

SessionStream::SessionStream(Place place, std::size_t answers)
    : place_(std::move(place)),
      answers_left_(answers),
      since_(std::chrono::steady_clock::now()),
      endless_(answers == 0) {}

void SessionStream::connect(std::shared_ptr<HttpAnswer> answer) {
  answer_ = std::move(answer);
  can_send_ = answer_->accept().stream;
}

bool SessionStream::begin() {
  if (!is_connected() || answer_->is_streaming()) {
    return false;
  }
  streamed_ = true;
  if (!place_.log->closed) {
    place_.log->streams.emplace(place_.number, shared_from_this());
  }
  answer_->start_stream();
  return true;
}

void SessionStream::open() {
  if (!begin()) {
    return;
  }
  answer_->write(place_.primes ? priming_event({place_.number, last_event_}, kRetry) : kKeepAlive);
}

void SessionStream::resume(std::shared_ptr<HttpAnswer> answer, std::uint64_t after) {
  if (answer_ != nullptr) {
    answer_->finish();
  }
  answer_ = std::move(answer);
  answer_->start_stream();
  for (const EventLog::Event& event : place_.log->events) {
    if (event.id.stream == place_.number && event.id.number > after) {
      answer_->write(event_with_id(event.id, event.message));
    }
  }
  if (concluded_) {
    end();
  } else {
    answer_->write(kKeepAlive);
  }
}

void SessionStream::put(std::string message) {
  const EventId id{place_.number, ++last_event_};
  if (is_connected()) {
    answer_->write(event_with_id(id, message));
  }
  if (!place_.log->closed) {
    place_.store->keep(place_.log, id, std::move(message));
  }
}

void SessionStream::send(std::string message) {
  if (concluded_ || !can_send_) {
    return;
  }
  open();
  if (streamed_) {
    put(std::move(message));
  }
}

void SessionStream::count_answer() {
  if (!endless_ && --answers_left_ == 0) {
    end();
  }
}

void SessionStream::answer(std::string message, int status) {
  if (concluded_) {
    return;
  }
  const bool whole = is_connected() && !answer_->is_streaming() && answers_left_ == 1;
  if (whole && (answer_->accept().json || status != 200)) {
    answer_->respond(status, std::move(message));
  } else {
    open();
    if (streamed_) {
      put(std::move(message));
    }
  }
  count_answer();
}

void SessionStream::abandon() {
  if (!concluded_ && answers_left_ == 1 && is_connected()) {
    answer_->respond(202, "");
  }
  count_answer();
}

void SessionStream::end() {
  concluded_ = true;
  if (answer_ != nullptr) {
    answer_->finish();
    answer_ = nullptr;
  }
}

void SessionStream::close_stream(Millis retry) {
  if (!place_.primes || !is_connected() || concluded_) {
    return;
  }
  if (!can_send_) {
    return;
  }
  begin();
  answer_->write(priming_event({place_.number, last_event_}, retry));
  answer_->finish();
  answer_ = nullptr;
}

void SessionStream::beat() {
  if (!is_connected()) {
    return;
  }
  if (answer_->is_streaming()) {
    answer_->write(kKeepAlive);
  } else if (can_send_ && std::chrono::steady_clock::now() - since_ >= kRetry) {
    open();
  }
}

}  // namespace oap::mcp
