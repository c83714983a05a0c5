#include "tools/command_tool.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "sandbox/report.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::tools {
namespace {

constexpr std::size_t kMaxOutput = 256 * 1024;
constexpr std::int64_t kDefaultTimeout = 120;
constexpr Millis kBeat{5000};
constexpr Millis kLook{100};

/// Variables that change what a shell or the loader runs before the command's first word.
bool is_refused(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "PS4", "IFS", "PROMPT_COMMAND", "PYTHONINSPECT"};
  return name.starts_with("LD_") || name.starts_with("BASH_FUNC_") ||
         std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_identifier(std::string_view name) {
  return !name.empty() && !text::is_digit(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c == '_' || text::is_digit(c) || text::is_alpha(c); });
}

/// Adds the call's own variables; a sentence where one may not be set.
std::string add_env(const json::Value& arguments, std::map<std::string, std::string>& env) {
  const json::Object* const given = json::find_object(arguments, "env");
  if (given == nullptr) {
    return "";
  }
  for (const auto& pair : *given) {
    const std::string name(pair.key());
    if (!is_identifier(name) || is_refused(name)) {
      return fmt::format(
          "env: '{}' may not be set{}", text::escape_visible(name),
          is_identifier(name) ? "; it changes what runs" : "; a name has letters, digits and '_'");
    }
    const std::string value(json::view(pair.value().get_string()));
    if (value.find('\0') != std::string::npos) {
      return fmt::format("env: the value of '{}' holds a NUL character", name);
    }
    env[name] = value;
  }
  return "";
}

Task<void> beat(mcp::CallContext context) {
  for (Millis time = kBeat;; time += kBeat) {
    if (!co_await async::sleep_for(kBeat)) {
      co_return;
    }
    const auto seconds = static_cast<double>(time.count()) / 1000.0;
    context.progress(seconds, std::nullopt, fmt::format("running for {:g} s", seconds));
  }
}

/// Of an agent that may only look.
template <class AddLine>
void add_line_about_changes(const sandbox::Output& output, bool failed, const AddLine& add_line) {
  using enum sandbox::Changes;
  if (output.changes == kDropped && !output.dropped.empty()) {
    add_line("thrown away, as your commands may change no files: " + output.dropped);
  } else if (output.changes == kRefused && failed) {
    add_line("your commands can only read the workspace; write temporary files to ${TMPDIR:-/tmp}");
  } else if (output.changes == kOpen) {
    add_line("warning: this machine keeps no command from changing files; yours may change none");
  }
}

/// Of a script: a sign of life is what it prints, within a tenth of a second.
Task<void> beat_with_output(mcp::CallContext context, std::shared_ptr<const std::size_t> printed) {
  const SteadyTime began = std::chrono::steady_clock::now();
  for (std::size_t told = 0; co_await async::sleep_for(kLook);) {
    if (*printed != told) {
      told = *printed;
      const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began);
      context.progress(seconds.count(), std::nullopt, fmt::format("printed {} bytes", told));
    }
  }
}

class CommandTool final : public mcp::Tool {
 public:
  CommandTool(json::Object definition, std::shared_ptr<const Shared> shared,
              CommandFunction function)
      : definition_(std::move(definition)), shared_(std::move(shared)), function_(function) {}

  const json::Object& definition() const override { return definition_; }

  Task<ToolResult> call(json::Object arguments, mcp::CallContext context) override {
    const json::Value given(std::move(arguments));
    Command command = function_(given);
    sandbox::Spec spec = shared_->context.child;
    spec.argv = std::move(command.argv);
    spec.cwd = shared_->workspace.root();
    for (auto& [name, value] : command.env) {
      spec.env[name] = std::move(value);
    }
    if (std::string problem = add_env(given, spec.env); !problem.empty()) {
      co_return ToolResult::text(problem, true);
    }
    if (!context.idempotency_key.empty()) {
      spec.env["OAP_IDEMPOTENCY_KEY"] = context.idempotency_key;
    }
    spec.profile = sandbox::Profile::kTool;
    spec.discard = context.looks_only;

    const Millis timeout{json::get_int(given, "timeout", kDefaultTimeout) * 1000};
    sandbox::RunOptions options;
    options.input = std::move(command.input);
    options.deadline = context.deadline.sooner(Deadline::after(timeout));
    options.max_output_bytes = kMaxOutput;
    options.merge_stderr = !context.separate_stderr;

    const auto printed = std::make_shared<std::size_t>(0);
    options.on_output = [printed](std::size_t bytes) { *printed += bytes; };
    const Executor executor = context.executor;
    async::Scope scope(executor);
    if (context.separate_stderr) {
      scope.spawn(beat_with_output(std::move(context), printed));
    } else {
      scope.spawn(beat(std::move(context)));
    }
    auto output = co_await sandbox::run(executor, std::move(spec), std::move(options));
    scope.cancel();
    co_await scope.join();
    if (!output) {
      co_return ToolResult::text(output.error().to_string(), true);
    }
    co_return result_of(*std::move(output), timeout);
  }

 private:
  json::Object definition_;
  std::shared_ptr<const Shared> shared_;  // with the other tools
  CommandFunction function_;
};

}  // namespace

ToolResult result_of(sandbox::Output output, Millis timeout) {
  const std::string out = text::sanitize_utf8(output.out);
  const std::string errors = text::sanitize_utf8(output.err);
  std::string shown = out;
  const auto add_line = [&shown](std::string_view line) {
    if (!shown.empty() && !shown.ends_with('\n')) {
      shown += '\n';
    }
    shown += line;
  };
  if (!errors.empty()) {
    add_line(errors);
  }
  if (output.timed_out) {
    add_line(fmt::format("the command was ended because its time of {} s was up",
                         timeout.count() / 1000));
  } else if (!output.note.empty()) {
    add_line(output.note);
  }
  for (const std::string& warning : output.warnings) {
    add_line("warning: " + warning);
  }
  const bool failed = output.exit_code != 0 || output.timed_out;
  add_line_about_changes(output, failed, add_line);
  if (failed) {
    add_line(fmt::format("exit code {}", output.exit_code));
  }
  ToolResult result = ToolResult::text(shown, failed);
  json::Object structured;
  structured["exit_code"] = output.exit_code;
  structured["output"] = out;
  if (!errors.empty()) {
    structured["stderr"] = errors;
  }
  structured["timed_out"] = output.timed_out;
  structured["truncated"] = output.truncated;
  structured["isolation"] = sandbox::to_json(output.isolation);
  if (!output.dropped.empty()) {
    structured["dropped"] = output.dropped;
  }
  if (!output.warnings.empty()) {
    json::Array warnings;
    for (const std::string& warning : output.warnings) {
      warnings.emplace_back(warning);
    }
    structured["warnings"] = std::move(warnings);
  }
  result.structured = std::move(structured);
  return result;
}

std::unique_ptr<mcp::Tool> make_command_tool(json::Object definition,
                                             std::shared_ptr<const Shared> shared,
                                             CommandFunction function) {
  return std::make_unique<CommandTool>(std::move(definition), std::move(shared), function);
}

}  // namespace oap::tools
