#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/run_seal.hpp"
#include "platform/workflow_steps.hpp"
#include "store/store.hpp"
#include "workflow/definition/reader.hpp"
#include "workflow/engine.hpp"

namespace oap::platform {

/// A workflow's file as read and compiled, with all that it calls.
struct LoadedWorkflow {
  std::string file;  ///< as given, or found; "-" for standard input
  /// Null where something is wrong.
  std::shared_ptr<const workflow::Blueprint> blueprint;
  workflow::Subworkflows subworkflows;
  std::map<std::string, std::string> called;  ///< a subworkflow's name → its file, canonical
  std::vector<workflow::Problem> problems;    ///< warnings included
};

/// A file of `.opencode/workflows`.
struct WorkflowFile {
  std::string path;
  std::string id;  ///< of the file's `id`; else its name without .yaml
  std::string name;
  std::string description;
  std::string problem;  ///< why it is not readable; "" where it is
};

/// The workflows of a workspace: its files, and the engine that runs them on the platform.
class Workflows {
 public:
  struct Parts {
    WorkflowSteps::Parts steps;
    store::RunRepository& runs;
    Executor executor;
    security::SecretScanner& scanner;  ///< learns the secret inputs of runs
  };
  explicit Workflows(Parts parts);
  ~Workflows();

  workflow::Engine& engine() { return *engine_; }
  store::RunRepository& runs() { return parts_.runs; }
  const workflow::ToolSchemas& tools() const { return *tools_; }
  const gateway::Catalog& catalog() const { return parts_.steps.catalog; }
  const Principal& principal() const { return parts_.steps.principal; }
  const Settings& settings() const { return parts_.steps.settings; }

  /// What the guards say of a call, without running, asking or auditing anything.
  Task<hooks::BeforeOutcome> judge(ToolCall call);

  /// `reference` is a path, or the id or name of a file of `.opencode/workflows`. kUsage with the
  /// nearest where there is none, where two files have the same id, or it cannot be read; what is
  /// wrong in the file is in the problems.
  Result<LoadedWorkflow> load(const std::string& reference) const;
  /// The same of a text; what it calls is looked for beside `file`.
  LoadedWorkflow load_text(std::string_view text, const std::string& file) const;
  /// By path.
  std::vector<WorkflowFile> files() const;

  /// Lets go of all runs; they can be resumed.
  Task<void> close();

 private:
  Result<std::string> locate(const std::string& reference, const std::string& beside) const;
  std::shared_ptr<const workflow::Blueprint> compile(
      std::string_view text, const std::string& file,
      std::vector<workflow::Problem>& problems) const;
  void check_agents(LoadedWorkflow& loaded, const workflow::Blueprint& blueprint,
                    const std::string& file) const;
  static void check_secret_inputs(LoadedWorkflow& loaded, const workflow::BlueprintStep& step,
                                  const std::string& where);
  void add_called(LoadedWorkflow& loaded, const workflow::Blueprint& caller,
                  const std::string& file, std::vector<std::string>& chain) const;

  Parts parts_;
  std::unique_ptr<workflow::ToolSchemas> tools_;
  WorkflowSteps steps_;
  RunSeal seal_;
  std::unique_ptr<workflow::Engine> engine_;
};

}  // namespace oap::platform
