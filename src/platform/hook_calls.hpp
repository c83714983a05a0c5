#pragma once

#include <string>

#include "async/task.hpp"
#include "net/http_client.hpp"
#include "permission/engine.hpp"
#include "platform/models.hpp"
#include "platform/settings.hpp"
#include "programs/answer.hpp"
#include "security/secret_scanner.hpp"

namespace oap::platform {

/// Hooks that are no programs: `http` posts the event to a server, `prompt` asks a model about it.
/// A project's go to public addresses and to this machine, by https but to this machine; nobody's
/// go where a permission rule denies web_fetch or where `allowedHttpHookUrls` does not lead. What
/// leaves the machine is without known secrets; answers are at most 1 MiB. All parts outlive it.
class HookCalls {
 public:
  struct Parts {
    const Settings& settings;
    net::HttpClient& http;
    ModelSet& models;
    permission::Engine& policy;
    const security::SecretScanner& scanner;
    std::string model;  ///< what a hook asks that names none
  };
  explicit HookCalls(Parts parts) : parts_(std::move(parts)) {}

  /// Never an error: what goes wrong is the ending's fault. The handler outlives the task.
  Task<programs::Ending> run(const programs::Handler& handler, std::string input, Millis most);

 private:
  Task<programs::Ending> post(const programs::Handler& handler, std::string input, Deadline until);
  Task<programs::Ending> ask(const programs::Handler& handler, std::string input, Deadline until);
  std::string refused(const programs::Handler& handler) const;

  Parts parts_;
};

}  // namespace oap::platform
