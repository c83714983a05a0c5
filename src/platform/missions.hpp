#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/blocking_pool.hpp"
#include "gateway/gateway.hpp"
#include "orchestration/mission/mission_run.hpp"
#include "orchestration/orchestrator.hpp"
#include "platform/builtin_upstream.hpp"
#include "platform/models.hpp"
#include "platform/settings.hpp"
#include "security/role_matrix.hpp"
#include "session/session_locks.hpp"
#include "store/store.hpp"
#include "workflow/engine/owner.hpp"

namespace oap::platform {

struct MissionRequest {
  std::string objective;
  bool plan_only = false;
  orchestration::MissionLimits limits;
  std::string session_id;  ///< empty: a session of its own
};

/// What a person adds when a mission goes on.
struct MissionResume {
  std::string answer;       ///< to its question, or a word beside
  json::Object limits;      ///< members of MissionLimits' JSON form that replace its own
  int more_iterations = 0;  ///< beyond those used up
  std::int64_t more_tokens = 0;
};

struct MissionObserver {
  orchestration::MissionEvents events;
  gateway::ProgressObserver on_call;
  std::function<void(const std::string& mission_id, const std::string& session_id)> on_begin;
};

/// The workspace's missions: begun, gone on with, told and looked at. A mission is driven in the
/// process that begins or resumes it; its state is in the store. Used from one executor.
class Missions final : public orchestration::MissionPath {
 public:
  struct Parts {
    const Settings& settings;
    gateway::Gateway& gateway;
    gateway::Catalog& catalog;
    hooks::Registry& hooks;
    const gateway::Redactor& redactor;
    gateway::AuditSink& audit;
    ModelSet& models;
    session::SessionManager& sessions;
    store::Store& store;
    orchestration::MissionDesk& desk;
    workflow::ToolInvoker& invoker;
    orchestration::Workplaces& workplaces;
    Principal principal;
    std::string model;  ///< --model, or empty
    Executor executor;
    const security::RoleMatrix& roles;
    orchestration::SkillScopes& scopes;
    orchestration::ContextControl* context = nullptr;  ///< null: nothing is shortened
    session::SessionLocks* locks = nullptr;            ///< null: sessions are not locked
    std::function<Millis()> asked = {};                ///< how long people were asked, in all
  };
  explicit Missions(Parts parts);
  ~Missions() override;

  /// What the configuration says.
  orchestration::MissionLimits limits() const;
  /// Who is at the terminal; borrowed, null: nobody.
  void set_person(orchestration::MissionPerson* person);

  /// Drives it until it ends or a person must act; the report says which. kNeedsModel; kNotFound;
  /// kFailedPrecondition (another process drives it, it has ended); kDataLoss.
  Task<Result<orchestration::MissionReport>> start(MissionRequest request,
                                                   MissionObserver observer);
  Task<Result<orchestration::MissionReport>> resume(std::string id, MissionResume resume,
                                                    MissionObserver observer);

  /// The one id that `prefix` begins; empty: the newest open mission of this workspace.
  Result<std::string> find(const std::string& prefix);
  /// Where it stands, judged by the files and the evidence as they are now.
  Result<orchestration::MissionReport> show(const std::string& id);
  Result<std::vector<store::MissionRecord>> list(bool open_only, std::size_t limit);
  Result<std::vector<store::MissionEventRow>> log(const std::string& id, std::int64_t after,
                                                  std::size_t limit);
  /// Pauses or stops it, whoever drives it. A sentence that says what was done.
  Result<std::string> pause(const std::string& id);
  Result<std::string> stop(const std::string& id);

  /// Whether the session's mission is being driven here.
  bool at_work(const std::string& session_id) const {
    return parts_.desk.find(session_id).has_value();
  }

  // MissionPath
  bool wished(const std::string& session_id) const override {
    return parts_.desk.wished(session_id);
  }
  Task<void> carry_out(const orchestration::TaskRequest& request, orchestration::RunEvents& events,
                       orchestration::TaskReport& report) override;

 private:
  Result<orchestration::AgentSet> agents();
  Result<void> use_its_model(const std::string& id);
  Result<store::MissionRecord> create(const MissionRequest& request);
  Result<store::MissionRecord> claim(const std::string& id);
  bool is_driven(const store::MissionRecord& record) const;
  Result<std::string> order(const std::string& id, const std::string& kind,
                            const orchestration::MissionEvent& event);
  Task<Result<orchestration::MissionReport>> drive(store::MissionRecord record,
                                                   std::optional<orchestration::ResumeAsked> resume,
                                                   std::string answer, MissionObserver observer);
  orchestration::MissionParts parts_of(const store::MissionRecord& record,
                                       orchestration::AgentSet agents);
  void settle(const store::MissionRecord& record, const orchestration::MissionReport& report);
  void note(const std::string& type, const store::MissionRecord& record, bool success,
            const std::string& error);

  Parts parts_;
  workflow::OwnerName owner_;
  async::BlockingPool blocking_;
  orchestration::MissionPerson nobody_;
  orchestration::MissionPerson* person_;
};

/// `todo` and `delegate_task`, for the missions at the desk.
LocalTools mission_tools(orchestration::MissionDesk& desk);

}  // namespace oap::platform
