#include "platform/assembly.hpp"
#include "platform/change_owner.hpp"

namespace oap::platform {

Workflows& Assembly::the_workflows() {
  if (workflows == nullptr) {
    WorkflowSteps::Parts steps{options.settings,
                               *gateway,
                               *catalog,
                               hooks,
                               *redactor,
                               *models,
                               principal,
                               options.model,
                               &session_hooks->scopes};
    workflows = std::make_unique<Workflows>(
        Workflows::Parts{std::move(steps), store->runs(), options.executor, *scanner});
  }
  return *workflows;
}

Missions& Assembly::the_missions() {
  if (missions == nullptr) {
    worktrees = std::make_unique<Worktrees>(Worktrees::Parts{
        options.settings, hooks, *asked, desk.get(), *audit, *redactor, options.executor,
        mission_tools(mission_desk), checkpoints.get(), [this](const std::string& task) {
          return mission_session_of(store->missions(), options.settings.paths.workspace, task);
        }});
    missions =
        std::make_unique<Missions>(Missions::Parts{options.settings,
                                                   *gateway,
                                                   *catalog,
                                                   hooks,
                                                   *redactor,
                                                   *audit,
                                                   *models,
                                                   *sessions,
                                                   *store,
                                                   mission_desk,
                                                   *invoker,
                                                   *worktrees,
                                                   principal,
                                                   options.model,
                                                   options.executor,
                                                   session_hooks->roles,
                                                   session_hooks->scopes,
                                                   &session_hooks->control,
                                                   locks.get(),
                                                   [this] { return desk->timer().total(); }});
  }
  return *missions;
}

}  // namespace oap::platform
