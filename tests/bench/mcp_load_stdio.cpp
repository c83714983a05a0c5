#include <array>
#include <utility>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json/parse.hpp"
#include "mcp_load_run.hpp"

extern char** environ;  // NOLINT

namespace oap::bench {

namespace {

constexpr std::size_t kReadSize = 256U * 1024U;

/// A child with its standard streams in our hands; ended in the destructor.
class Child {
 public:
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (in_ >= 0) {
      ::close(in_);
      ::close(out_);
    }
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  Result<void> start(const std::vector<std::string>& command) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) {
      return fail(Code::kUnavailable, "pipe: {}", strerror(errno));
    }
    std::vector<char*> arguments;
    for (const std::string& text : command) {
      arguments.push_back(const_cast<char*>(text.c_str()));  // NOLINT
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const int rc =
        ::posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = out[0];
    if (rc != 0) {
      pid_ = 0;
      return fail(Code::kNotFound, "cannot start {}: {}", command[0], strerror(rc));
    }
    ::fcntl(in_, F_SETFL, O_NONBLOCK);
    ::fcntl(out_, F_SETFL, O_NONBLOCK);
    return {};
  }

  int in() const { return in_; }
  int out() const { return out_; }

 private:
  pid_t pid_ = 0;
  int in_ = -1;
  int out_ = -1;
};

class StdioLoad {
 public:
  explicit StdioLoad(const Load& load)
      : load_(load), request_(call_message(load.target)), buffer_(kReadSize, '\0') {
    request_.text += '\n';
  }

  Result<void> start(const std::vector<std::string>& command) {
    OAP_CHECK_OK(child_.start(command));
    if (load_.target.era == Era::kModern) {
      return {};
    }
    pending_ = initialize_message() + "\n";
    Stats none;
    stats_ = &none;
    bool greeted = false;
    while (!greeted) {
      OAP_CHECK_OK(
          turn([&greeted](std::string_view line) { greeted = greeted || is_answer(line, 1); }));
    }
    pending_ = initialized_message() + "\n";
    sent_ = 0;
    return {};
  }

  Result<void> run(std::size_t calls, Stats& stats) {
    stats_ = &stats;
    first_ = next_;
    began_.assign(calls, 0);
    open_ = finished_ = 0;
    const std::uint64_t began = now_ns();
    const double cpu_began = cpu_us();
    while (finished_ < calls && stats.error_count <= load_.max_errors) {
      while (open_ < load_.window && next_ - first_ < calls && room()) {
        request_.set_id(next_);
        pending_ += request_.text;
        began_[next_ - first_] = now_ns();
        ++next_;
        ++open_;
      }
      OAP_CHECK_OK(turn([this](std::string_view line) { take(line); }));
    }
    stats.seconds = static_cast<double>(now_ns() - began) / 1e9;
    stats.cpu_us = cpu_us() - cpu_began;
    return {};
  }

 private:
  bool room() {
    if (sent_ == pending_.size()) {
      pending_.clear();
      sent_ = 0;
    }
    return pending_.size() - sent_ < 1U << 20U;
  }

  void take(std::string_view line) {
    const std::uint64_t now = now_ns();
    std::uint64_t id = 0;
    if (load_.window == 1) {
      id = next_ - 1;  // only one is open; is_answer checks it
    } else {
      const auto message = json::parse_object(line);
      id = message ? static_cast<std::uint64_t>(json::get_int(*message, "id")) : 0;
    }
    if (id < first_ || id >= next_ || began_[id - first_] == 0) {
      return;  // a notification, a log line
    }
    if (!is_answer(line, id)) {
      if (line.find("\"method\"") != std::string_view::npos) {
        return;
      }
      stats_->add_error(std::string(line.substr(0, 200)));
    } else {
      stats_->latencies.push_back(now - began_[id - first_]);
    }
    began_[id - first_] = 0;
    --open_;
    ++finished_;
  }

  template <class Take>
  Result<void> turn(const Take& take_line) {
    if (sent_ < pending_.size()) {
      const ssize_t n = ::write(child_.in(), pending_.data() + sent_, pending_.size() - sent_);
      if (n < 0 && errno != EAGAIN) {
        return fail(Code::kUnavailable, "the server closed its input: {}", strerror(errno));
      }
      sent_ += n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    std::array<pollfd, 2> waits{
        {{child_.out(), POLLIN, 0},
         {child_.in(), static_cast<short>(sent_ < pending_.size() ? POLLOUT : 0), 0}}};
    const int ready =
        ::poll(waits.data(), sent_ < pending_.size() ? 2 : 1, load_.deadline_s * 1000);
    if (ready == 0) {
      return fail(Code::kDeadlineExceeded, "no progress for {} s", load_.deadline_s);
    }
    if ((waits[0].revents & (POLLIN | POLLHUP)) == 0) {
      return {};
    }
    const ssize_t n = ::read(child_.out(), buffer_.data(), buffer_.size());
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
      return fail(Code::kUnavailable, "the server ended");
    }
    std::string_view in(buffer_.data(), n < 0 ? 0 : static_cast<std::size_t>(n));
    while (!in.empty()) {
      const std::size_t end = in.find('\n');
      if (end == std::string_view::npos) {
        line_ += in;
        break;
      }
      if (line_.empty()) {
        take_line(in.substr(0, end));
      } else {
        line_ += in.substr(0, end);
        take_line(std::string_view(line_));
        line_.clear();
      }
      in.remove_prefix(end + 1);
    }
    return {};
  }

  const Load& load_;
  Child child_;
  Template request_;
  std::string buffer_;
  std::string line_;
  std::string pending_;
  std::size_t sent_ = 0;
  std::vector<std::uint64_t> began_;
  Stats* stats_ = nullptr;
  std::uint64_t next_ = kFirstId;
  std::uint64_t first_ = kFirstId;
  std::size_t open_ = 0;
  std::size_t finished_ = 0;
};

}  // namespace

Result<Stats> run_stdio(const Load& load, const std::vector<std::string>& command) {
  ::signal(SIGPIPE, SIG_IGN);
  StdioLoad stdio(load);
  OAP_CHECK_OK(stdio.start(command));
  Stats stats;
  if (load.warmup > 0) {
    OAP_CHECK_OK(stdio.run(load.warmup, stats));
    stats = {};
  }
  OAP_CHECK_OK(stdio.run(load.calls, stats));
  return stats;
}

}  // namespace oap::bench
