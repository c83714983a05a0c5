// Selective searches in a large audit log: audit_search_bench FOLDER [EVENTS [encrypted] [keep]].
// Writes EVENTS (default 10 million, at least 1,000; a month of them, about 9 GB) into a new folder
// below FOLDER,
// builds the indexes and times each kind of search as the command line asks for it: the newest
// 1,000; then checks the whole chain with and without the indexes. Times are milliseconds unless
// they say otherwise. `keep` leaves the folder for measurements of the whole program.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "audit/keyring.hpp"
#include "audit/log.hpp"
#include "audit/query.hpp"
#include "audit/verify.hpp"
#include "base/ids.hpp"

namespace {

using namespace oap;
using Steady = std::chrono::steady_clock;

constexpr int kUsers = 1'000;
constexpr int kTools = 40;
constexpr int kSessionEvents = 200;
constexpr int kFewestEvents = 1'000;

double millis_since(Steady::time_point start) {
  return std::chrono::duration<double, std::milli>(Steady::now() - start).count();
}

void require(bool good, std::string_view what) {
  if (!good) {
    throw std::runtime_error(fmt::format("{} failed", what));
  }
}

/// A whole number, and nothing else.
std::optional<int> number_in(std::string_view word) {
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  const bool whole = error == std::errc() && end == word.data() + word.size();
  return whole ? std::optional(value) : std::nullopt;
}

/// A month of time in `events` steps.
class MonthClock final : public Clock {
 public:
  WallTime wall() const override { return at_; }
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
  void advance(std::chrono::milliseconds by) { at_ += by; }

 private:
  WallTime at_{std::chrono::seconds(1'790'000'000)};
};

std::string user_of(int session) { return fmt::format("user{}", session * 7'919LL % kUsers); }

audit::Event numbered(int i, const std::vector<std::string>& sessions) {
  audit::Event event;
  event.event_type = i % 2 == 0 ? "permission_check" : "tool_execution";
  const int session = i / kSessionEvents;
  event.user_id = user_of(session);
  event.role = session % 10 == 0 ? "admin" : "user";
  event.session_id = sessions[static_cast<std::size_t>(session)];
  event.call_id = fmt::format("call_{:026}", i / 2);
  event.server = i % 6 < 4 ? "builtin" : "everything";
  event.tool = fmt::format("tool{}", (i / 2) * 31LL % kTools);
  event.action = "invoke";
  event.resource = fmt::format("/home/somebody/project/src/file{}.cpp", i % 5'000);
  event.arguments = {{"path", event.resource}, {"message", "a message of the usual length"}};
  event.permission_decision = i % 499 == 0 ? "deny" : "allow";
  event.rule = "permissions.yaml:12";
  event.risk_score = i % 9'973 == 0 ? 0.9 : 0.1;
  event.hook_trail = {{{"hook", "StrictRoleGuard"}, {"verdict", "allow"}},
                      {{"hook", "Permission"}, {"verdict", "allow"}}};
  if (i % 2 == 1) {
    event.success = i % 50 != 1;
    event.result_summary = "the first line of what came of it";
  }
  return event;
}

class Bench {
 public:
  Bench(const std::string& parent, int events, bool encrypted)
      : path_(parent + "/audit-search-XXXXXX"), events_(events) {
    require(mkdtemp(path_.data()) != nullptr, "mkdtemp");
    if (encrypted) {
      keys_ = crypto::FernetKey::generate().print();
      fmt::print("key: {}\n", keys_);
    }
    for (int i = 0; i <= events / kSessionEvents; ++i) {
      sessions_.push_back(new_id("ses_"));
    }
  }
  const std::string& path() const { return path_; }

  void write() {
    audit::Log::Options options;
    options.dir = path_ + "/audit";
    options.workspace = path_;
    options.clock = &clock_;
    options.encryption_keys = keys_;
    const auto start = Steady::now();
    {
      auto log = audit::Log::open(options);
      require(static_cast<bool>(log), "opening the log");
      const auto step = Millis(std::chrono::hours(24 * 30)) / events_;
      for (int i = 0; i < events_; ++i) {
        clock_.advance(step);
        const auto durability =
            i % 1'000 == 0 ? audit::Durability::kWritten : audit::Durability::kDeferred;
        require(static_cast<bool>((*log)->append(numbered(i, sessions_), durability)), "append");
      }
    }
    fmt::print("{} events written in {:.1f} s, closed\n", events_, millis_since(start) / 1e3);
  }

  void open_keys() {
    if (!keys_.empty()) {
      auto ring = audit::Keyring::open(path_ + "/audit", audit::parse_keys(keys_).value(), false,
                                       clock_.wall());
      require(static_cast<bool>(ring), "opening the keys");
      keyring_ = std::move(*ring);
    }
  }

  void time(std::string_view name, int rounds, std::size_t least,
            const std::function<audit::Query()>& make) {
    std::vector<double> times;
    std::size_t records = 0;
    for (int i = 0; i < rounds; ++i) {
      const audit::Query query = make();
      const auto start = Steady::now();
      const auto found = audit::search(path_ + "/audit", query, 1'000, keyring_.get());
      times.push_back(millis_since(start));
      require(found && found->records.size() >= least, name);
      records += found->records.size();
    }
    std::sort(times.begin(), times.end());
    fmt::print("{:<44} p50 {:>8.2f}  p99 {:>8.2f}  max {:>8.2f}  ({} searches, {:.1f} records)\n",
               name, times[times.size() / 2], times[times.size() * 99 / 100], times.back(), rounds,
               static_cast<double>(records) / rounds);
    std::fflush(stdout);
  }

  /// With the indexes, which it makes once more where records are in clear, and without.
  void verify_all() {
    for (const bool indexed : {true, false}) {
      if (!indexed) {
        std::filesystem::remove_all(path_ + "/audit/index");
      }
      const auto start = Steady::now();
      const auto found = audit::verify(path_ + "/audit", {keyring_.get(), {}});
      require(found && found->ok, "verify");
      fmt::print("verify {} indexes: {:.2f} s\n", indexed ? "with" : "without",
                 millis_since(start) / 1e3);
    }
  }

  void search_all() {
    audit::Query first;
    first.call_id = "none";
    time("the first search", 1, 0, [&first] { return first; });
    std::vector<std::string> ids;
    for (int i = 0; i < 100; ++i) {
      audit::Query query;
      query.session_id = session();
      const auto found = audit::search(path_ + "/audit", query, 1, keyring_.get());
      require(found && found->records.size() == 1, "a session");
      ids.emplace_back(json::get_string(found->records[0], "event_id"));
    }
    constexpr int kRounds = 200;
    time("event id", kRounds, 1, [&] { return with(&audit::Query::event_id, ids[pick(100)]); });
    time("call id (2 events)", kRounds, 2, [&] {
      return with(&audit::Query::call_id, fmt::format("call_{:026}", pick(events_ / 2 - 1)));
    });
    time("session (200 events)", kRounds, 1,
         [&] { return with(&audit::Query::session_id, session()); });
    time("user (1 in 1,000) within 6 hours", kRounds, 0,
         [&] { return within(with(&audit::Query::user_id, user()), std::chrono::hours(6)); });
    time("user (1 in 1,000), newest 1,000", kRounds, 1,
         [&] { return with(&audit::Query::user_id, user()); });
    time("tool (1 in 40) within 10 minutes", kRounds, 0,
         [&] { return within(with(&audit::Query::tool, tool()), std::chrono::minutes(10)); });
    time("decision=deny within 1 day", kRounds, 0, [&] {
      return within(with(&audit::Query::permission_decision, "deny"), std::chrono::hours(24));
    });
    time("decision=deny and user", kRounds, 0, [&] {
      audit::Query query = with(&audit::Query::permission_decision, "deny");
      query.user_id = user();
      return query;
    });
    time("decision=deny and tool", kRounds, 0, [&] {
      audit::Query query = with(&audit::Query::permission_decision, "deny");
      query.tool = tool();
      return query;
    });
    time("decision=deny, newest 1,000", kRounds, 0,
         [&] { return with(&audit::Query::permission_decision, "deny"); });
    time("risk above 0.7 (1 in 10,000)", kRounds, 0, [] {
      audit::Query query;
      query.min_risk = 0.7;
      return query;
    });
    time("a value that is nowhere", kRounds, 0,
         [] { return with(&audit::Query::tool, "nothing"); });
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  std::string session() {
    return sessions_[static_cast<std::size_t>(pick(events_ / kSessionEvents))];
  }
  /// One who has events, also where there are fewer sessions than users.
  std::string user() { return user_of(pick(events_ / kSessionEvents)); }
  std::string tool() { return fmt::format("tool{}", pick(kTools)); }
  static audit::Query with(std::string audit::Query::* member, std::string value) {
    audit::Query query;
    query.*member = std::move(value);
    return query;
  }
  audit::Query within(audit::Query query, std::chrono::minutes length) {
    const WallTime until = clock_.wall() - std::chrono::minutes(pick(24 * 60 * 28));
    query.since = format_time(until - length);
    query.until = format_time(until);
    return query;
  }

  std::string path_;
  int events_;
  std::string keys_;
  std::vector<std::string> sessions_;
  std::unique_ptr<audit::Keyring> keyring_;
  MonthClock clock_;
  std::mt19937 random_{20'261'126};
};

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const auto has = [&words](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  int events = 10'000'000;
  bool usable = !words.empty();
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto number = number_in(words[i]);
    events = number.value_or(events);
    usable = usable && (number || words[i] == "encrypted" || words[i] == "keep");
  }
  if (!usable || events < kFewestEvents) {
    fmt::print(stderr,
               "usage: audit_search_bench FOLDER [EVENTS [encrypted] [keep]], {} events at least\n",
               kFewestEvents);
    return 2;
  }
  std::string path;
  int code = 0;
  try {
    Bench bench(std::string(words[0]), events, has("encrypted"));
    path = bench.path();
    bench.write();
    bench.open_keys();
    bench.search_all();
    bench.verify_all();
  } catch (const std::exception& failed) {
    fmt::print(stderr, "audit_search_bench: {}\n", failed.what());
    code = 1;
  }
  if (has("keep")) {
    fmt::print("kept: {}\n", path);
  } else if (!path.empty()) {
    std::filesystem::remove_all(path);
  }
  return code;
}
