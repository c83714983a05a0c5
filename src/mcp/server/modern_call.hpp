#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/branch.hpp"
#include "async/promise.hpp"
#include "mcp/server/call.hpp"
#include "mcp/server/parking.hpp"

namespace oap::mcp {

/// A request of the modern era whose envelope and headers are in order.
struct ModernRequest {
  json::Value id;
  std::string method;
  json::Object params;
  std::shared_ptr<const Caller> caller;  // kept by the call
  std::optional<LogLevel> log_level;
  std::string raw;  ///< the message as it came
};

/// `session_id`: of a stdio link, else "".
std::shared_ptr<const Caller> caller_of(Envelope envelope, Principal principal,
                                        std::string session_id);

/// One call of the modern era: a coroutine of the Service, and whichever HTTP or stdio request its
/// client waits on at present. Between a question and the client's return there is none. Shared by
/// its coroutine, the outlet's callback and, where it asked, the Parking.
class ModernCall final : public Call, public std::enable_shared_from_this<ModernCall> {
 public:
  ModernCall(Core& core, Parking& parking, const ModernRequest& request);

  static void start(Core& core, Parking& parking, ModernRequest request,
                    std::shared_ptr<Outlet> outlet);
  /// The client has come back with `params.inputResponses`.
  static void resume(Parking& parking, ModernRequest request, std::shared_ptr<Outlet> outlet);

  Task<Answer<json::Object>> ask(std::string method, json::Object params) override;
  void cancel();
  bool is_parked() const { return outlet_ == nullptr; }
  SteadyTime parked_until() const { return parked_until_; }

 private:
  struct Question {
    std::string key;
    std::string method;
    json::Object params;
    async::Promise<Answer<json::Object>> answer;
  };

  static Task<void> run(std::shared_ptr<ModernCall> call, std::string method, json::Object params);
  bool wants_log(LogLevel level) const override { return log_level_ && level >= *log_level_; }
  void attach(ModernRequest& request, std::shared_ptr<Outlet> outlet);
  void take_input(const json::Object& params);
  void forget(const std::string& key);
  void flush_later();
  void flush();
  std::string binding();
  void conclude(Answer<json::Object> answer);
  void deliver(Answer<json::Object> answer);

  Parking& parking_;
  std::string method_;
  std::string subject_;  ///< of resources/read: the URI
  std::string raw_;      ///< until the digest has been taken
  std::string digest_;
  std::optional<LogLevel> log_level_;
  std::optional<async::Branch> branch_;
  std::vector<Question> questions_;
  std::optional<Answer<json::Object>> kept_;  ///< came while parked
  std::optional<Quota::Place> place_;         ///< in the Parking, from the first question on
  std::string name_;                          ///< in the Parking; "" before the first question
  SteadyTime parked_until_;
  std::uint32_t round_ = 0;
  std::uint32_t asked_ = 0;
  bool flush_posted_ = false;
  bool cancelled_ = false;
};

}  // namespace oap::mcp
