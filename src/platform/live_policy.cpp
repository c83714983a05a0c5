#include "platform/live_policy.hpp"

#include <array>
#include <atomic>

#include <sys/stat.h>

#include "base/log.hpp"
#include "base/mutex.hpp"
#include "migration/in_place.hpp"
#include "os/file.hpp"

namespace oap::platform {
namespace {

constexpr std::chrono::milliseconds kLook{20};

/// What tells one state of a file from another. All zero where there is none.
using Mark = std::array<std::int64_t, 6>;

Mark mark_of(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return {};
  }
  return {static_cast<std::int64_t>(info.st_ino),
          info.st_size,
          info.st_mtim.tv_sec,
          info.st_mtim.tv_nsec,
          info.st_ctim.tv_sec,
          info.st_ctim.tv_nsec};
}

}  // namespace

std::vector<std::string> policy_files(const config::Paths& paths) {
  std::vector<std::string> out;
  for (const std::string* folder : {&paths.managed_dir, &paths.user_dir, &paths.project_dir}) {
    if (!folder->empty()) {
      out.push_back(*folder + "/permissions.yaml");
      out.push_back(*folder + "/config.yaml");
      out.push_back(*folder + "/agents.yaml");
    }
  }
  for (std::string& file : migration::rule_files_in_place(paths.workspace)) {
    out.push_back(std::move(file));
  }
  out.push_back(session_rules_file(paths));
  out.push_back(paths.state_root + "/trust/" + config::state_name(paths.workspace) + ".json");
  return out;
}

std::string session_rules_file(const config::Paths& paths) {
  return paths.state_dir + "/session-permissions.yaml";
}

struct LivePolicy::Body {
  Body(Settings given, OnChange change)
      : settings(std::move(given)), on_change(std::move(change)) {}

  Settings settings;
  OnChange on_change;
  std::unique_ptr<permission::Engine> engine;
  std::vector<std::string> files;
  std::vector<Mark> marks;  // only by who holds `looking`
  std::atomic<std::int64_t> next_look{0};
  std::atomic_flag looking = ATOMIC_FLAG_INIT;
  mutable Mutex mutex;
  PolicyHealth health OAP_GUARDED_BY(mutex);

  std::vector<Mark> look() const {
    std::vector<Mark> out;
    out.reserve(files.size());
    for (const std::string& file : files) {
      out.push_back(mark_of(file));
    }
    return out;
  }

  void refresh() {
    const std::int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
    if (now < next_look.load(std::memory_order_relaxed) || looking.test_and_set()) {
      return;
    }
    next_look = now + std::chrono::steady_clock::duration(kLook).count();
    std::vector<Mark> seen = look();
    if (seen != marks) {
      marks = std::move(seen);
      reload();
    }
    looking.clear();
  }

  void reload() {
    auto loaded = load_settings(settings.loaded_with);
    auto policy = loaded ? compile_policy(*loaded)
                         : Result<std::shared_ptr<const permission::Policy>>(fail(loaded.error()));
    PolicyHealth now = current();
    const std::string before = now.revision;
    now.problem = policy ? "" : policy.error().to_string();
    if (policy) {
      if (const auto replaced = engine->replace(*policy); !replaced) {
        now.problem = replaced.error().to_string();
      }
    }
    now.revision = engine->policy()->revision();
    const bool told = now.problem.empty() ? now.revision != before || !current().problem.empty()
                                          : now.problem != current().problem;
    {
      const MutexLock lock(mutex);
      health = now;
    }
    if (!told) {
      return;
    }
    if (now.problem.empty()) {
      log::info("permission", "the rules were read again", {{"revision", now.revision}});
    } else {
      log::error("permission", "the rules could not be read again; the old ones stay in force",
                 {{"revision", now.revision}, {"error", now.problem}});
    }
    if (on_change) {
      on_change(now);
    }
  }

  PolicyHealth current() const {
    const MutexLock lock(mutex);
    return health;
  }
};

Result<std::unique_ptr<LivePolicy>> LivePolicy::open(const Settings& settings, OnChange on_change) {
  auto body = std::make_unique<Body>(settings, std::move(on_change));
  body->files = policy_files(settings.paths);
  body->marks = body->look();
  OAP_TRY(auto policy, compile_policy(settings));
  {
    const MutexLock lock(body->mutex);
    body->health.revision = policy->revision();
  }
  body->engine = std::make_unique<permission::Engine>(std::move(policy));
  body->engine->set_refresh([kept = body.get()] { kept->refresh(); });
  return std::unique_ptr<LivePolicy>(new LivePolicy(std::move(body)));
}

LivePolicy::LivePolicy(std::unique_ptr<Body> body) : body_(std::move(body)) {}
LivePolicy::~LivePolicy() = default;

permission::Engine& LivePolicy::engine() { return *body_->engine; }

PolicyHealth LivePolicy::health() const {
  body_->refresh();
  return body_->current();
}

}  // namespace oap::platform
