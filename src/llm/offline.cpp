#include "llm/offline.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "llm/offline_orders.hpp"
#include "llm/offline_plan.hpp"
#include "text/strings.hpp"

namespace oap::llm {
namespace {

using offline::Call;
using offline::Order;
using offline::Orders;

constexpr std::size_t kMostHits = 50;

/// A call of this turn and what came back.
struct Done {
  const ToolUseBlock* use = nullptr;
  const ToolResultBlock* result = nullptr;
};

struct Turn {
  std::size_t order_at = 0;  ///< index of the message that holds the order
  std::string order;
  std::vector<Done> done;
};

bool is_order_message(const Message& message) {
  if (message.role != MessageRole::kUser) {
    return false;
  }
  bool text = false;
  for (const Block& block : message.blocks) {
    if (std::holds_alternative<ToolResultBlock>(block)) {
      return false;
    }
    text = text || std::holds_alternative<TextBlock>(block);
  }
  return text;
}

std::optional<Turn> read_turn(const std::vector<Message>& messages) {
  std::size_t at = messages.size();
  while (at > 0 && !is_order_message(messages[at - 1])) {
    --at;
  }
  if (at == 0) {
    return std::nullopt;
  }
  Turn turn;
  turn.order_at = at - 1;
  turn.order = offline::order_text(messages[at - 1].joined_text());
  std::map<std::string_view, const ToolResultBlock*> results;
  for (std::size_t i = at; i < messages.size(); ++i) {
    for (const Block& block : messages[i].blocks) {
      if (const auto* result = std::get_if<ToolResultBlock>(&block)) {
        results.emplace(result->tool_use_id, result);
      }
    }
  }
  for (std::size_t i = at; i < messages.size(); ++i) {
    for (const ToolUseBlock* use : messages[i].tool_uses()) {
      const auto found = results.find(use->id);
      turn.done.push_back({use, found == results.end() ? nullptr : found->second});
    }
  }
  return turn;
}

/// Walks the orders along what has been done: the next call, or the text that reports it all.
class Walk {
 public:
  Walk(const Orders& orders, const Turn& turn) : orders_(orders), turn_(turn) {}

  /// The call to make now; nothing when all is done.
  std::optional<Call> next() {
    for (const Order& order : orders_.understood) {
      if (failed_ && order.changes) {
        report(order, "not done, because an order before it failed", true);
        continue;
      }
      if (std::optional<Call> call = work(order)) {
        return call;
      }
    }
    return std::nullopt;
  }

  bool failed() const { return failed_; }
  std::size_t calls() const { return at_; }

  std::string text() const {
    if (reports_.size() == 1) {
      return reports_[0].failed ? "The order failed: " + reports_[0].text : reports_[0].text;
    }
    std::string joined;
    for (const Report& each : reports_) {
      joined += (joined.empty() ? "## " : "\n\n## ") + each.title + "\n\n" +
                (each.failed ? "Failed: " : "") + std::string(text::trim(each.text));
    }
    return joined;
  }

 private:
  struct Report {
    std::string title;
    std::string text;
    bool failed = false;
  };

  std::optional<Call> work(const Order& order) {
    std::vector<std::string> texts;
    bool failed = false;
    bool any = false;
    for (const Call& call : order.calls) {
      const Done* done = take();
      if (done == nullptr) {
        return call;
      }
      const bool error = is_error(*done);
      if (error && call.optional) {
        continue;
      }
      if (error) {
        texts.push_back(text_of(*done));
        failed = true;
        break;
      }
      any = true;
      if (call.follow == Call::Follow::kNone) {
        texts.push_back(text_of(*done));
        continue;
      }
      std::optional<Call> read = read_hits(call, text_of(*done), texts, failed);
      if (read) {
        return read;
      }
    }
    if (texts.empty() && !any && !failed) {
      const std::string last = text_of(turn_.done[at_ - 1]);
      failed = !last.starts_with("there is no file or directory");
      texts.push_back(failed ? last : "none found: " + last);
    }
    report(order, text::join(texts, "\n\n"), failed);
    return std::nullopt;
  }

  /// The reading of what a glob found; a call while one of the files has not been read.
  std::optional<Call> read_hits(const Call& call, const std::string& found,
                                std::vector<std::string>& texts, bool& failed) {
    const std::vector<std::string> hits = offline::hits_of(found, call);
    if (hits.empty()) {
      texts.push_back(found);
      failed = true;
      return std::nullopt;
    }
    for (std::size_t i = 0; i < hits.size() && i < kMostHits; ++i) {
      const Done* done = take();
      if (done == nullptr) {
        Call read;
        read.tool = "read_file";
        read.arguments["path"] = hits[i];
        return read;
      }
      failed = failed || is_error(*done);
      texts.push_back(hits.size() > 1 ? hits[i] + ":\n" + text_of(*done) : text_of(*done));
    }
    return std::nullopt;
  }

  const Done* take() { return at_ < turn_.done.size() ? &turn_.done[at_++] : nullptr; }
  static bool is_error(const Done& done) { return done.result == nullptr || done.result->is_error; }
  static std::string text_of(const Done& done) {
    return done.result == nullptr ? "the call brought no result" : done.result->text;
  }

  void report(const Order& order, std::string text, bool failed) {
    reports_.push_back({order.text, std::move(text), failed});
    failed_ = failed_ || failed;
  }

  const Orders& orders_;
  const Turn& turn_;
  std::vector<Report> reports_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

Response respond(Block block, StopReason stop) {
  Response response;
  response.message.role = MessageRole::kAssistant;
  response.message.blocks.push_back(std::move(block));
  response.stop = stop;
  response.model = "offline";
  return response;
}

std::string call_id(const Turn& turn, std::size_t index) {
  return fmt::format("call_offline_{}_{}", turn.order_at, index + 1);
}

Result<Response> answer_worker(const Request& request, const Turn& turn) {
  offline::Offer offer;
  for (const ToolDefinition& tool : request.tools) {
    offer.tools.push_back(tool.name);
  }
  const Orders orders = offline::read_orders(turn.order, offer);
  OAP_CHECK_OK(offline::check_understood(orders));
  Walk walk(orders, turn);
  std::optional<Call> call = walk.next();
  if (!call) {
    return respond(TextBlock{walk.text()},
                   walk.failed() ? StopReason::kRefusal : StopReason::kEndTurn);
  }
  ToolUseBlock use;
  use.id = call_id(turn, walk.calls());
  use.name = std::move(call->tool);
  use.arguments = std::move(call->arguments);
  return respond(std::move(use), StopReason::kToolUse);
}

Result<Response> answer_forced(const Request& request, const Turn& turn, std::string_view tool,
                               Result<json::Object> arguments) {
  if (!arguments) {
    return fail(std::move(arguments).error());
  }
  ToolUseBlock use;
  use.id = call_id(turn, turn.done.size());
  use.name = request.force_tool.empty() ? std::string(tool) : request.force_tool;
  use.arguments = *std::move(arguments);
  return respond(std::move(use), StopReason::kToolUse);
}

}  // namespace

Result<Response> answer_offline(const Request& request) {
  const std::optional<Turn> turn = read_turn(request.messages);
  if (!turn) {
    return fail(Code::kInvalidArgument,
                "the conversation holds no order: no user message has text");
  }
  if (request.agent == "commander") {
    return answer_forced(request, *turn, "submit_requirements", offline::requirements(turn->order));
  }
  if (request.agent == "planner") {
    return answer_forced(request, *turn, "submit_plan", offline::plan(turn->order));
  }
  if (request.agent == "reviewer") {
    const std::string evidence = request.messages[turn->order_at].joined_text();
    return answer_forced(request, *turn, "submit_review", offline::review(evidence));
  }
  return answer_worker(request, *turn);
}

Task<Result<Response>> OfflineProvider::complete(Request request, StreamSink sink) {
  Result<Response> answer = answer_offline(request);
  if (answer && sink.on_text && answer->stop != StopReason::kToolUse) {
    sink.on_text(answer->message.joined_text());
  }
  co_return answer;
}

}  // namespace oap::llm
