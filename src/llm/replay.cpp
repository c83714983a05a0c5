#include "llm/replay.hpp"

#include <cerrno>
#include <cstring>
#include <mutex>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "llm/replay_format.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::llm {
namespace {

constexpr std::size_t kMostBytes = 512U << 20U;

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return fail(os::errno_error("writing the recording", path, errno));
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::string header_line() {
  json::Object header;
  header["format"] = replay::kFormat;
  header["version"] = replay::kVersion;
  return json::print(header) + "\n";
}

}  // namespace

struct RecordingProvider::File {
  std::string path;
  os::UniqueFd fd;
  std::mutex mutex;
};

RecordingProvider::RecordingProvider(Provider& inner, std::unique_ptr<File> file,
                                     Placeholders placeholders)
    : inner_(inner), file_(std::move(file)), placeholders_(std::move(placeholders)) {}

RecordingProvider::~RecordingProvider() = default;

std::string_view RecordingProvider::name() const { return inner_.name(); }
bool RecordingProvider::is_model() const { return inner_.is_model(); }

Result<std::unique_ptr<RecordingProvider>> RecordingProvider::start(Provider& inner,
                                                                    std::string path,
                                                                    Placeholders placeholders) {
  auto file = std::make_unique<File>();
  file->path = std::move(path);
  file->fd = os::UniqueFd(
      ::open(file->path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  if (!file->fd) {
    return fail(Code::kInvalidArgument, "the recording {} cannot be written: {}", file->path,
                std::strerror(errno));
  }
  OAP_CHECK_OK(write_all(file->fd.get(), header_line(), file->path));
  return std::unique_ptr<RecordingProvider>(
      new RecordingProvider(inner, std::move(file), std::move(placeholders)));
}

Task<Result<Response>> RecordingProvider::complete(Request request, StreamSink sink) {
  const replay::Names names(placeholders_);
  json::Object line;
  line["request"] = names.hide(replay::to_json(request));
  Result<Response> answer = co_await inner_.complete(std::move(request), std::move(sink));
  if (!answer && answer.error().code() == Code::kCancelled) {
    co_return answer;
  }
  if (answer) {
    line["response"] = names.hide(replay::to_json(*answer));
  } else {
    line["error"] = names.hide(replay::to_json(answer.error()));
  }
  const std::string text = json::print(line) + "\n";
  const std::lock_guard lock(file_->mutex);
  if (Result<void> written = write_all(file_->fd.get(), text, file_->path); !written) {
    co_return fail(std::move(written).error());
  }
  co_return answer;
}

namespace {

struct Exchange {
  json::Value request;  ///< in its comparable form
  json::Value answer;   ///< the line: with "response" or "error"
  int line = 0;
  bool used = false;
};

Result<void> check_header(std::string_view line, const std::string& path) {
  const Result<json::Value> header = json::parse(line);
  if (!header || json::get_string(*header, "format") != replay::kFormat) {
    return fail(Code::kInvalidArgument, "{}:1: not a recording of oap (see --record)", path);
  }
  const std::int64_t version = json::get_int(*header, "version");
  if (version != replay::kVersion) {
    return fail(Code::kInvalidArgument, "{}:1: recording version {} is not known; this is {}", path,
                version, replay::kVersion);
  }
  return {};
}

Result<Exchange> read_exchange(std::string_view text, const std::string& path, int line) {
  Result<json::Value> value = json::parse(text);
  if (!value) {
    return fail(Code::kInvalidArgument, "{}:{}: {}", path, line, value.error().message());
  }
  const json::Value* request = json::find(*value, "request");
  const json::Value* response = json::find(*value, "response");
  const json::Value* error = json::find(*value, "error");
  const bool answered = response != nullptr ? replay::response_from_json(*response).has_value()
                        : error != nullptr  ? replay::error_from_json(*error).has_value()
                                            : false;
  if (request == nullptr || !request->is_object() || !answered) {
    return fail(Code::kInvalidArgument,
                "{}:{}: not an exchange: needs request and response or error", path, line);
  }
  return Exchange{replay::comparable(*request), *std::move(value), line, false};
}

}  // namespace

struct ReplayProvider::Tape {
  Tape(std::string file, const Placeholders& placeholders)
      : path(std::move(file)), names(placeholders) {}

  /// The answer to an equal request that was not used before.
  Result<json::Value> take(const json::Value& now) {
    const std::lock_guard lock(mutex);
    const Exchange* nearest = nullptr;
    for (Exchange& each : exchanges) {
      if (each.used) {
        continue;
      }
      if (each.request == now) {
        each.used = true;
        return each.answer;
      }
      const bool same_agent =
          json::get_string(each.request, "agent") == json::get_string(now, "agent");
      if (nearest == nullptr || (same_agent && json::get_string(nearest->request, "agent") !=
                                                   json::get_string(now, "agent"))) {
        nearest = &each;
      }
    }
    if (nearest == nullptr) {
      return fail(Code::kFailedPrecondition,
                  "the recording {} has {} exchanges and this request is one more", path,
                  exchanges.size());
    }
    return fail(Code::kFailedPrecondition, "the request differs from the recording {}:{}: {}", path,
                nearest->line, replay::first_difference(nearest->request, now));
  }

  std::string path;
  replay::Names names;
  std::vector<Exchange> exchanges;
  mutable std::mutex mutex;
};

ReplayProvider::ReplayProvider(std::unique_ptr<Tape> tape) : tape_(std::move(tape)) {}
ReplayProvider::~ReplayProvider() = default;

Result<std::unique_ptr<ReplayProvider>> ReplayProvider::open(std::string path,
                                                             Placeholders placeholders) {
  OAP_TRY(const std::string text, os::read_file(path, kMostBytes));
  const std::vector<std::string_view> lines = text::split_lines(text);
  OAP_CHECK_OK(check_header(lines.empty() ? std::string_view() : lines[0], path));
  auto tape = std::make_unique<Tape>(path, placeholders);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (!text::trim(lines[i]).empty()) {
      OAP_TRY(Exchange exchange, read_exchange(lines[i], path, static_cast<int>(i) + 1));
      tape->exchanges.push_back(std::move(exchange));
    }
  }
  return std::unique_ptr<ReplayProvider>(new ReplayProvider(std::move(tape)));
}

Task<Result<Response>> ReplayProvider::complete(Request request, StreamSink sink) {
  const json::Value now = replay::comparable(tape_->names.hide(replay::to_json(request)));
  Result<json::Value> taken = tape_->take(now);
  if (!taken) {
    co_return fail(std::move(taken).error());
  }
  const json::Value line = tape_->names.show(*taken);
  if (const json::Value* error = json::find(line, "error")) {
    std::optional<Error> recorded = replay::error_from_json(*error);
    co_return fail(recorded ? *std::move(recorded) : Error(Code::kInternal, "no error recorded"));
  }
  const json::Value* body = json::find(line, "response");
  std::optional<Response> response =
      body != nullptr ? replay::response_from_json(*body) : std::nullopt;
  if (!response) {
    co_return fail(Code::kInternal, "the recording {} lost an answer", tape_->path);
  }
  response->usage.cost_usd = 0;  // paid when it was recorded
  for (const Block& block : response->message.blocks) {
    if (const auto* thought = std::get_if<ThinkingBlock>(&block);
        thought != nullptr && sink.on_thought && !thought->text.empty()) {
      sink.on_thought(thought->text);
    }
  }
  const std::string text = response->message.joined_text();
  if (sink.on_text && !text.empty()) {
    sink.on_text(text);
  }
  co_return *std::move(response);
}

std::size_t ReplayProvider::unused() const {
  const std::lock_guard lock(tape_->mutex);
  std::size_t count = 0;
  for (const Exchange& each : tape_->exchanges) {
    count += each.used ? 0 : 1;
  }
  return count;
}

}  // namespace oap::llm
