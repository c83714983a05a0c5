#include "platform/redaction.hpp"

#include <map>
#include <memory>
#include <utility>

#include "gateway/hooks/results.hpp"

namespace oap::platform {
namespace {

json::Object clean(const gateway::Redactor& redactor, const json::Object& object) {
  json::Value value = redactor.redact(json::Value(object));
  return value.is_object() ? std::move(value.get_object()) : json::Object{};
}

Denial clean(const gateway::Redactor& redactor, Denial denial) {
  denial.arguments = clean(redactor, denial.arguments);
  denial.reason = redactor.redact(denial.reason);
  return denial;
}

Error clean(const gateway::Redactor& redactor, const Error& error) {
  return Error(error.code(), redactor.redact(error.to_string()), error.audience());
}

ToolCall clean(const gateway::Redactor& redactor, ToolCall call) {
  call.arguments = clean(redactor, call.arguments);
  return call;
}

ToolOutcome clean(const gateway::Redactor& redactor, ToolOutcome outcome) {
  if (outcome.denial) {
    outcome.denial = clean(redactor, *std::move(outcome.denial));
  }
  if (outcome.error) {
    outcome.error = clean(redactor, *outcome.error);
  }
  return outcome;
}

using Streams = std::map<std::string, security::SecretStream, std::less<>>;
using OnPiece = std::function<void(std::string_view agent, std::string_view text)>;

OnPiece held_back(const security::SecretScanner& scanner, std::shared_ptr<Streams> streams,
                  OnPiece tell) {
  return [&scanner, streams = std::move(streams), tell = std::move(tell)](std::string_view agent,
                                                                          std::string_view text) {
    const auto stream = streams->try_emplace(std::string(agent), scanner).first;
    if (const std::string clean = stream->second.push(text); !clean.empty()) {
      tell(agent, clean);
    }
  };
}

void tell_rest(Streams& streams, const OnPiece& tell) {
  Streams whole = std::exchange(streams, {});
  for (auto& [agent, stream] : whole) {
    if (const std::string rest = stream.finish(); !rest.empty()) {
      orchestration::tell(tell, std::string_view(agent), std::string_view(rest));
    }
  }
}

}  // namespace

Message redacted(const gateway::Redactor& redactor, const Message& message) {
  Message out = message;
  for (Block& block : out.blocks) {
    if (auto* text = std::get_if<TextBlock>(&block)) {
      text->text = redactor.redact(text->text);
    } else if (auto* use = std::get_if<ToolUseBlock>(&block)) {
      use->arguments = clean(redactor, use->arguments);
      use->invalid_arguments = redactor.redact(use->invalid_arguments);
    } else if (auto* result = std::get_if<ToolResultBlock>(&block)) {
      result->text = redactor.redact(result->text);
    }
  }
  return out;
}

orchestration::TaskReport redacted(const gateway::Redactor& redactor,
                                   orchestration::TaskReport report) {
  report.task = redactor.redact(report.task);
  report.content = redactor.redact(report.content);
  report.results = clean(redactor, report.results);
  for (Denial& denial : report.denials) {
    denial = clean(redactor, std::move(denial));
  }
  if (report.error) {
    report.error = clean(redactor, *report.error);
  }
  if (report.plan) {
    for (PlanStep& step : report.plan->steps) {
      step.arguments = clean(redactor, step.arguments);
      step.description = redactor.redact(step.description);
    }
  }
  return report;
}

gateway::ProgressObserver redacted(const gateway::Redactor& redactor,
                                   gateway::ProgressObserver observer) {
  if (!observer) {
    return observer;
  }
  return [&redactor, observer = std::move(observer)](const gateway::Progress& progress) {
    const ToolCall call = clean(redactor, progress.call);
    gateway::Progress shown{progress.kind, call};
    approval::Request request;
    if (progress.approval != nullptr) {
      request = *progress.approval;
      request.call = call;
      request.reason = redactor.redact(request.reason);
      shown.approval = &request;
    }
    shown.answer = progress.answer;
    ToolOutcome outcome;
    if (progress.outcome != nullptr) {
      outcome = clean(redactor, *progress.outcome);
      shown.outcome = &outcome;
    }
    observer(shown);
  };
}

orchestration::RunEvents redacted(const security::SecretScanner& scanner,
                                  orchestration::RunEvents events) {
  const auto said = std::make_shared<Streams>();
  const auto thought = std::make_shared<Streams>();
  orchestration::RunEvents out = events;
  if (events.on_text) {
    out.on_text = held_back(scanner, said, events.on_text);
  }
  if (events.on_thought) {
    out.on_thought = held_back(scanner, thought, events.on_thought);
  }
  out.on_usage = [said, thought, events](const Usage& usage) {
    tell_rest(*thought, events.on_thought);
    tell_rest(*said, events.on_text);
    orchestration::tell(events.on_usage, usage);
  };
  if (events.on_message) {
    out.on_message = [&scanner, tell = events.on_message](std::string_view agent,
                                                          const Message& message) {
      const gateway::ScannerRedactor redactor(scanner);
      Message shown = redacted(redactor, message);
      for (Block& block : shown.blocks) {
        if (auto* thinking = std::get_if<ThinkingBlock>(&block)) {
          *thinking = {redactor.redact(thinking->text), thinking->provider, {}};
        }
      }
      tell(agent, shown);
    };
  }
  if (events.on_notice) {
    out.on_notice = [&scanner, tell = events.on_notice](std::string_view what) {
      tell(scanner.redact(what));
    };
  }
  if (events.on_plan) {
    out.on_plan = [&scanner, tell = events.on_plan](const ExecutionPlan& plan) {
      ExecutionPlan shown = plan;
      for (PlanStep& step : shown.steps) {
        step.description = scanner.redact(step.description);
        step.arguments = scanner.redact(json::Value(step.arguments)).get_object();
      }
      tell(shown);
    };
  }
  if (events.on_step) {
    out.on_step = [&scanner, tell = events.on_step](const PlanStep& step, std::string_view state) {
      PlanStep shown = step;
      shown.description = scanner.redact(step.description);
      shown.arguments = scanner.redact(json::Value(step.arguments)).get_object();
      tell(shown, state);
    };
  }
  return out;
}

}  // namespace oap::platform
