#include "cli/questions.hpp"

#include <fmt/format.h>

#include "cli/form.hpp"
#include "cli/output.hpp"
#include "cli/person.hpp"
#include "json/print.hpp"
#include "net/url.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr int kTries = 5;
constexpr std::size_t kShownText = 4'000;
constexpr std::string_view kElicit = "elicitation/create";
constexpr std::string_view kSample = "sampling/createMessage";

std::string safe(std::string_view text) {
  return text::escape_visible(text::truncate_utf8(text, kShownText), {.keep_newlines = true});
}

json::Object action(std::string_view name) { return json::Object{{"action", name}}; }

mcp::Answer<json::Object> refusal(Error error) { return mcp::failed(std::move(error)); }

/// One field, asked until what is typed fits. Nothing in `line`: the input has ended.
struct Typed {
  bool ended = false;
  std::optional<json::Value> value;
};

Task<Result<Typed>> ask_field(Executor executor, FormField field) {
  std::string prompt = field_prompt(field);
  for (int tries = 0; tries < kTries; ++tries) {
    OAP_CO_TRY(const std::optional<std::string> line, co_await ask_line(executor, prompt));
    if (!line) {
      break;
    }
    auto value = read_field(field, *line);
    if (value) {
      co_return Typed{false, *std::move(value)};
    }
    prompt = "    " + value.error().message() + ": ";
  }
  co_return Typed{true, {}};
}

std::string conversation(const json::Object& params) {
  std::string text;
  if (const std::string_view system = json::get_string(params, "systemPrompt"); !system.empty()) {
    text += "  system: " + safe(system) + "\n";
  }
  const json::Array* const messages = json::find_array(params, "messages");
  if (messages == nullptr) {
    return text;
  }
  for (const json::Value& message : *messages) {
    const json::Value* const content = json::find(message, "content");
    std::string said;
    if (content != nullptr) {
      said = json::get_string(*content, "type") == "text"
                 ? std::string(json::get_string(*content, "text"))
                 : json::print(*content);
    }
    text += fmt::format("  {}: {}\n", safe(json::get_string(message, "role")), safe(said));
  }
  return text;
}

}  // namespace

mcp::AskHandler Questions::handler(std::string server) {
  return [this, server](std::string method, json::Object params) {
    return answer(server, std::move(method), std::move(params));
  };
}

json::Object Questions::capabilities() const {
  json::Object all{
      {"elicitation", json::Object{{"form", json::Object{}}, {"url", json::Object{}}}}};
  if (has_person_) {
    all["sampling"] = json::Object{};
  }
  return all;
}

Task<Questions::Reply> Questions::answer(std::string server, std::string method,
                                         json::Object params) {
  const bool elicits = method == kElicit;
  if (!elicits && method != kSample) {
    co_return refusal(Error(Code::kUnimplemented, "nobody here answers " + method));
  }
  if (!has_person_) {
    if (elicits) {
      print_error(fmt::format("{} asks for input and nobody is at a terminal; declined",
                              text::escape_visible(server)));
      co_return action("decline");
    }
    co_return refusal(Error(Code::kUnanswered, "nobody is at a terminal to answer"));
  }
  const Deadline never = Deadline::never();
  const auto permit = co_await turn_.acquire(never);
  if (!permit) {
    co_return refusal(permit.error());
  }
  if (!elicits) {
    co_return co_await sample(std::move(server), std::move(params));
  }
  const bool url = json::get_string(params, "mode", "form") == "url";
  if (url) {
    co_return co_await visit(std::move(server), std::move(params));
  }
  co_return co_await form(std::move(server), std::move(params));
}

Task<Questions::Reply> Questions::form(std::string server, json::Object params) {
  const json::Object* const schema = json::find_object(params, "requestedSchema");
  auto fields = form_fields(schema != nullptr ? *schema : json::Object{});
  if (!fields) {
    co_return refusal(fields.error());
  }
  std::string question =
      fmt::format("\nThe server {} asks:\n  {}\nAnswer it? It gets what you type. [y/N] ",
                  safe(server), safe(json::get_string(params, "message")));
  const auto willing = co_await ask_yes(executor_, std::move(question));
  if (!willing || !*willing) {
    co_return action("decline");
  }
  json::Object content;
  for (const FormField& field : *fields) {
    const auto typed = co_await ask_field(executor_, field);
    if (!typed || typed->ended) {
      co_return action("cancel");
    }
    if (typed->value) {
      content[field.name] = *typed->value;
    }
  }
  question =
      fmt::format("Send {} to {}? [y/N] ", safe(json::print(json::Value(content))), safe(server));
  const auto sure = co_await ask_yes(executor_, std::move(question));
  if (!sure || !*sure) {
    co_return action("cancel");
  }
  json::Object out = action("accept");
  out["content"] = std::move(content);
  co_return out;
}

Task<Questions::Reply> Questions::visit(std::string server, json::Object params) {
  const std::string url(json::get_string(params, "url"));
  const auto parsed = net::parse_url(url);
  if (!parsed) {
    print_error(fmt::format("{} asks to visit something that is no web address; declined",
                            text::escape_visible(server)));
    co_return action("decline");
  }
  std::string question = fmt::format(
      "\nThe server {} asks you to visit a page of {}:\n  {}\n  {}\n"
      "Open it in your browser yourself if you trust it. Do you agree to that? [y/N] ",
      safe(server), safe(parsed->host), safe(json::get_string(params, "message")),
      text::escape_visible(url));
  const auto agreed = co_await ask_yes(executor_, std::move(question));
  const bool yes = agreed && *agreed;
  co_return action(yes ? "accept" : "decline");
}

Task<Questions::Reply> Questions::sample(std::string server, json::Object params) {
  std::string question = fmt::format(
      "\nThe server {} asks for an answer as a model would give it:\n{}"
      "Type the answer in one line; nothing refuses: ",
      safe(server), conversation(params));
  const auto line = co_await ask_line(executor_, std::move(question));
  if (!line || !*line || (*line)->empty()) {
    co_return mcp::refused(-1, "the person refused to answer");
  }
  json::Object text{{"type", "text"}, {"text", **line}};
  co_return json::Object{{"role", "assistant"},
                         {"content", std::move(text)},
                         {"model", "person"},
                         {"stopReason", "endTurn"}};
}

}  // namespace oap::cli
