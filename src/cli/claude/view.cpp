#include "cli/claude/view.hpp"

#include <algorithm>
#include <utility>

#include "base/ids.hpp"
#include "cli/output.hpp"
#include "cli/version.hpp"
#include "json/print.hpp"
#include "llm/models.hpp"
#include "platform/models.hpp"
#include "tools/builtin.hpp"

namespace oap::cli::claude {
namespace {

std::string key_source_of(const platform::Settings& settings, const std::string& reference) {
  const bool from_variable =
      reference.starts_with("anthropic/") && settings.env("ANTHROPIC_API_KEY").has_value();
  return from_variable ? "ANTHROPIC_API_KEY" : "none";
}

/// Denied calls are no failure there: the model was told, had its say, and the result lists them.
bool is_success(const orchestration::TaskReport& report) {
  const bool denied = report.error && !report.denials.empty() && !report.content.empty() &&
                      (report.error->code() == Code::kPermissionDenied ||
                       report.error->code() == Code::kUnanswered);
  return report.success() || denied;
}

}  // namespace

int View::code(const orchestration::TaskReport& report) const {
  return is_success(report) ? 0 : report.exit_code();
}

void View::placed(const platform::Platform& platform) {
  const platform::Settings& settings = platform.settings();
  const std::string reference =
      platform::reference_for(settings.config.agents.executor, options_.model, settings.env);
  frame_.cwd = settings.paths.workspace;
  frame_.model = reference.substr(reference.find('/') + 1);
  window_ = platform::window_of(settings.config, reference, frame_.model);
  max_output_ = llm::find_model(frame_.model).max_output;
  for (const ToolSpec& spec : tools::builtin_specs()) {
    init_.tools.push_back(spec.public_name());
  }
  for (const ToolSpec& spec : tools::agent_specs()) {
    init_.tools.push_back(spec.public_name());
  }
  for (const auto& [name, server] : settings.config.mcp_servers) {
    if (!server.builtin) {
      init_.servers.push_back(name);
    }
  }
  init_.agents = {"commander", "planner", "worker", "reviewer"};
  init_.permission_mode = options_.permission_mode.empty() ? "default" : options_.permission_mode;
  init_.key_source = key_source_of(settings, reference);
  init_.version = version();
}

platform::RunObserver View::observer() {
  turns_ = 0;
  tools_ = Millis{0};
  total_ = {};
  stop_reason_.clear();
  platform::RunObserver out;
  out.on_session = [this](const std::string& session, const std::string&) { begin(session); };
  out.on_call = [this](const gateway::Progress& progress) { on_call(progress); };
  out.events.on_message = [this](std::string_view, const oap::Message& message) {
    on_message(message);
  };
  out.events.on_usage = [this](const Usage& usage) {
    last_ = usage;
    total_ += usage;
  };
  out.events.on_notice = [](std::string_view what) { print_error(what); };
  if (options_.partial && options_.stream) {
    out.events.on_text = [this](std::string_view, std::string_view text) {
      on_piece(Piece::kText, text);
    };
    out.events.on_thought = [this](std::string_view, std::string_view text) {
      on_piece(Piece::kThinking, text);
    };
  }
  return out;
}

void View::emit(json::Object message) {
  if (options_.stream) {
    print_json(json::Value(std::move(message)));
  } else if (options_.verbose) {
    kept_.push_back(std::move(message));
  } else if (json::get_string(message, "type") == "result") {
    print_json(json::Value(std::move(message)));
  }
}

void View::begin(const std::string& session_id) {
  frame_.session_id = session_id;
  if (!std::exchange(begun_, true)) {
    emit(init_message(frame_, init_));
  }
}

void View::on_call(const gateway::Progress& progress) {
  if (progress.kind == gateway::Progress::Kind::kStarted) {
    const std::string id = id_for(progress.call);
    use_ids_[progress.call.id] = id;
  } else if (progress.kind == gateway::Progress::Kind::kFinished) {
    tools_ += progress.outcome->duration;
  }
}

/// The tool use that a call is of: the first one with its name and arguments.
std::string View::id_for(const ToolCall& call) {
  const auto found =
      std::find_if(unmatched_.begin(), unmatched_.end(), [&call](const ToolUseBlock& use) {
        return use.name == call.public_name() && use.arguments == call.arguments;
      });
  if (found == unmatched_.end()) {
    return call.id;
  }
  std::string id = found->id;
  unmatched_.erase(found);
  return id;
}

void View::event(json::Object event) { emit(stream_event(frame_, std::move(event))); }

void View::open_message() {
  if (!message_id_.empty()) {
    return;
  }
  message_id_ = new_id("msg_");
  index_ = 0;
  event({{"type", "message_start"},
         {"message", json::Object{{"id", message_id_},
                                  {"type", "message"},
                                  {"role", "assistant"},
                                  {"model", frame_.model},
                                  {"content", json::Array{}},
                                  {"stop_reason", nullptr},
                                  {"stop_sequence", nullptr},
                                  {"usage", usage_json({})}}}});
}

void View::close_piece() {
  if (std::exchange(piece_, Piece::kNone) != Piece::kNone) {
    event({{"type", "content_block_stop"}, {"index", index_++}});
  }
}

void View::on_piece(Piece kind, std::string_view text) {
  open_message();
  const bool thinking = kind == Piece::kThinking;
  if (piece_ != kind) {
    close_piece();
    piece_ = kind;
    json::Object block{{"type", thinking ? "thinking" : "text"}};
    block[thinking ? "thinking" : "text"] = "";
    if (thinking) {
      block["signature"] = "";
    }
    event({{"type", "content_block_start"}, {"index", index_}, {"content_block", block}});
  }
  json::Object delta{{"type", thinking ? "thinking_delta" : "text_delta"}};
  delta[thinking ? "thinking" : "text"] = text;
  event({{"type", "content_block_delta"}, {"index", index_}, {"delta", std::move(delta)}});
}

/// The rest of a message whose pieces were told: its calls, and its end.
void View::end_pieces(const oap::Message& message) {
  open_message();
  close_piece();
  for (const ToolUseBlock* use : message.tool_uses()) {
    Tool tool = as_claude(use->name, use->arguments, frame_.cwd);
    event({{"type", "content_block_start"},
           {"index", index_},
           {"content_block", json::Object{{"type", "tool_use"},
                                          {"id", use->id},
                                          {"name", tool.name},
                                          {"input", json::Object{}}}}});
    event({{"type", "content_block_delta"},
           {"index", index_},
           {"delta", json::Object{{"type", "input_json_delta"},
                                  {"partial_json", json::print(json::Value(tool.input))}}}});
    event({{"type", "content_block_stop"}, {"index", index_++}});
  }
}

void View::on_message(const oap::Message& message) {
  if (message.role == MessageRole::kUser) {
    emit(user_message(frame_, message));
    return;
  }
  ++turns_;
  unmatched_.clear();
  for (const ToolUseBlock* use : message.tool_uses()) {
    unmatched_.push_back(*use);
  }
  stop_reason_ = message.tool_uses().empty() ? "end_turn" : "tool_use";
  const bool partial = options_.partial && options_.stream;
  if (partial) {
    end_pieces(message);
  }
  const std::string id = message_id_.empty() ? new_id("msg_") : std::exchange(message_id_, {});
  emit(assistant_message(frame_, message, last_, id));
  if (partial) {
    event({{"type", "message_delta"},
           {"delta", json::Object{{"stop_reason", stop_reason_}, {"stop_sequence", nullptr}}},
           {"usage", usage_json(last_)}});
    event({{"type", "message_stop"}});
  }
}

Ended View::ended_of(const orchestration::TaskReport& report) const {
  Ended out;
  out.turns = turns_;
  out.duration_ms = report.duration.count();
  out.model_ms = std::max<std::int64_t>(0, out.duration_ms - tools_.count());
  out.usage = report.usage.requests > 0 ? report.usage : total_;
  out.window = window_;
  out.max_output = max_output_;
  out.stop_reason = stop_reason_;
  out.result = report.content;
  if (!is_success(report)) {
    const bool limit = report.error &&
                       orchestration::ending_of(*report.error) == orchestration::Ending::kTurnLimit;
    out.subtype = limit ? "error_max_turns" : "error_during_execution";
    out.errors = {report.error ? report.error->to_string() : std::string("the task failed")};
  }
  for (const Denial& denial : report.denials) {
    const bool own = denial.server == kBuiltinServer || denial.server.empty();
    const std::string name = own ? denial.tool : denial.server + "__" + denial.tool;
    Tool tool = as_claude(name, denial.arguments, frame_.cwd);
    const auto id = use_ids_.find(denial.call_id);
    out.denials.push_back({std::move(tool.name), id == use_ids_.end() ? denial.call_id : id->second,
                           std::move(tool.input)});
  }
  return out;
}

void View::finish(const orchestration::TaskReport& report) {
  if (!report.session_id.empty()) {
    frame_.session_id = report.session_id;
  }
  emit(result_message(frame_, ended_of(report)));
  if (!options_.stream && options_.verbose) {
    print_json(json::Value(std::exchange(kept_, {})));
  }
}

}  // namespace oap::cli::claude
