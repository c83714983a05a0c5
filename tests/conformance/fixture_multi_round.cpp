#include "crypto/hash.hpp"
#include "fixture_service.hpp"
#include "mcp/era.hpp"

namespace oap::conformance {
namespace {

using Call = FixtureService::Call;
using Reply = FixtureService::Reply;

const std::string& state_key() {
  static const std::string kKey = crypto::random_bytes(32);
  return kKey;
}

std::string sealed(std::string_view text) {
  return std::string(text) + "." + crypto::hmac_sha256_hex(state_key(), text);
}

/// The text of a state that this process made; "" for any other.
std::string opened(const json::Object& params) {
  const std::string_view state = json::get_string(params, "requestState");
  const std::size_t dot = state.rfind('.');
  const std::string_view text = state.substr(0, dot);
  return dot != std::string_view::npos && sealed(text) == state ? std::string(text) : std::string();
}

bool has_state(const json::Object& params) { return json::find(params, "requestState") != nullptr; }

json::Object form(std::string_view message, std::string_view field, std::string_view type) {
  json::Object property{{"type", type}};
  json::Object properties;
  properties[field] = std::move(property);
  json::Object params{
      {"mode", "form"},
      {"message", message},
      {"requestedSchema", object_schema(std::move(properties), json::Array{json::Value(field)})}};
  return {{"method", "elicitation/create"}, {"params", std::move(params)}};
}

json::Object sample(std::string_view question) {
  json::Object message{{"role", "user"}, {"content", text_block(question)}};
  json::Object params{{"messages", json::Array{json::Value(std::move(message))}},
                      {"maxTokens", 100}};
  return {{"method", "sampling/createMessage"}, {"params", std::move(params)}};
}

json::Object roots() { return {{"method", "roots/list"}, {"params", json::Object{}}}; }

json::Object wanted(json::Object requests, std::string_view state = {}) {
  json::Object result{{"resultType", "input_required"}, {"inputRequests", std::move(requests)}};
  if (!state.empty()) {
    result["requestState"] = state;
  }
  return result;
}

bool can(const Call& call, std::string_view capability) {
  return call.exchange.caller().capabilities.contains(capability);
}

Task<Reply> ask_name(Call& call) {
  const std::string name = answer_in(call.params, "user_name", "name");
  if (!name.empty()) {
    co_return text_result("Hello, " + name + "!");
  }
  co_return wanted({{"user_name", form("What is your name?", "name", "string")}});
}

Task<Reply> ask_model(Call& call) {
  const json::Object* input = call.input("capital_question");
  const json::Object* content = input == nullptr ? nullptr : json::find_object(*input, "content");
  if (content != nullptr) {
    co_return text_result(json::get_string(*content, "text"));
  }
  co_return wanted({{"capital_question", sample("What is the capital of France?")}});
}

Task<Reply> ask_roots(Call& call) {
  const json::Object* input = call.input("client_roots");
  const json::Array* listed = input == nullptr ? nullptr : json::find_array(*input, "roots");
  if (listed == nullptr) {
    co_return wanted({{"client_roots", roots()}});
  }
  std::string text = "Roots:";
  for (const json::Value& root : *listed) {
    text += " ";
    text += json::get_string(root, "uri");
  }
  co_return text_result(text);
}

Task<Reply> with_state(Call& call) {
  if (has_state(call.params) && call.input("confirm") != nullptr) {
    if (opened(call.params) != "confirm") {
      co_return mcp::refused(jsonrpc::kInvalidParams, "requestState was changed");
    }
    co_return text_result("state-ok");
  }
  co_return wanted({{"confirm", form("Please confirm", "ok", "boolean")}}, sealed("confirm"));
}

Task<Reply> tampered(Call& call) {
  if (has_state(call.params)) {
    if (opened(call.params) != "tamper") {
      co_return mcp::refused(jsonrpc::kInvalidParams, "requestState was changed");
    }
    if (call.input("confirm") != nullptr) {
      co_return text_result("state-ok");
    }
  }
  co_return wanted({{"confirm", form("Please confirm", "ok", "boolean")}}, sealed("tamper"));
}

Task<Reply> several(Call& call) {
  const bool all = call.input("user_name") != nullptr && call.input("greeting") != nullptr &&
                   call.input("client_roots") != nullptr;
  if (all && opened(call.params) == "several") {
    co_return text_result("All inputs received: " + answer_in(call.params, "user_name", "name"));
  }
  co_return wanted({{"user_name", form("What is your name?", "name", "string")},
                    {"greeting", sample("Generate a greeting")},
                    {"client_roots", roots()}},
                   sealed("several"));
}

Task<Reply> rounds(Call& call) {
  const std::string state = opened(call.params);
  if (state == "round 1" && call.input("step1") != nullptr) {
    co_return wanted({{"step2", form("Step 2: What is your favorite color?", "color", "string")}},
                     sealed("round 2"));
  }
  if (state == "round 2" && call.input("step2") != nullptr) {
    co_return text_result("All rounds are done: " + answer_in(call.params, "step2", "color"));
  }
  co_return wanted({{"step1", form("Step 1: What is your name?", "name", "string")}},
                   sealed("round 1"));
}

Task<Reply> by_capability(Call& call) {
  if (json::find(call.params, "inputResponses") != nullptr) {
    co_return text_result("inputs received");
  }
  json::Object requests;
  if (can(call, "elicitation")) {
    requests["user_name"] = form("What is your name?", "name", "string");
  }
  if (can(call, "sampling")) {
    requests["greeting"] = sample("Generate a greeting");
  }
  if (can(call, "roots")) {
    requests["client_roots"] = roots();
  }
  if (requests.empty()) {
    co_return text_result("the client can be asked nothing");
  }
  co_return wanted(std::move(requests));
}

Task<Reply> streaming(Call& call) {
  if (call.input("user_name") != nullptr) {
    co_return text_result("Hello, " + answer_in(call.params, "user_name", "name") + "!");
  }
  call.exchange.progress({{"progress", 1}, {"total", 2}});
  co_return wanted({{"user_name", form("What is your name?", "name", "string")}});
}

}  // namespace

std::vector<FixtureService::Tool> multi_round_tools() {
  std::vector<FixtureService::Tool> tools;
  const auto add = [&](std::string name, std::string_view what, FixtureService::Handler run) {
    tools.push_back({definition(name, what, object_schema({})), std::move(run)});
  };
  const std::string prefix = "test_input_required_result_";
  add(prefix + "elicitation", "Needs a name", ask_name);
  add(prefix + "sampling", "Needs the client's model", ask_model);
  add(prefix + "list_roots", "Needs the client's roots", ask_roots);
  add(prefix + "request_state", "Needs a confirmation and its own state", with_state);
  add(prefix + "tampered_state", "Refuses a state that was changed", tampered);
  add(prefix + "multiple_inputs", "Needs three things at once", several);
  add(prefix + "multi_round", "Needs two rounds", rounds);
  add(prefix + "capabilities", "Needs what the client can give", by_capability);
  add("test_streaming_elicitation", "Needs a name, over a stream", streaming);
  return tools;
}

json::Array prompt_definitions(bool with_toggled) {
  const auto argument = [](std::string_view name) {
    return json::Value(
        json::Object{{"name", name}, {"description", "An argument"}, {"required", true}});
  };
  const auto prompt = [](std::string_view name, std::string_view what, json::Array arguments) {
    json::Object object{{"name", name}, {"description", what}};
    if (!arguments.empty()) {
      object["arguments"] = std::move(arguments);
    }
    return json::Value(std::move(object));
  };
  json::Array prompts{
      prompt("test_simple_prompt", "A simple prompt", {}),
      prompt("test_prompt_with_arguments", "A prompt with two arguments",
             {argument("arg1"), argument("arg2")}),
      prompt("test_prompt_with_embedded_resource", "A prompt with a resource",
             {argument("resourceUri")}),
      prompt("test_prompt_with_image", "A prompt with an image", {}),
      prompt("test_input_required_result_prompt", "A prompt that needs the user", {})};
  if (with_toggled) {
    prompts.push_back(prompt("test_toggled_prompt", "Comes and goes", {}));
  }
  return prompts;
}

namespace {

json::Value user_says(json::Object content) {
  return json::Object{{"role", "user"}, {"content", std::move(content)}};
}

json::Object messages(json::Array list) { return {{"messages", std::move(list)}}; }

}  // namespace

Task<FixtureService::Reply> get_prompt(json::Object params) {
  const std::string name(json::get_string(params, "name"));
  const json::Object* given = json::find_object(params, "arguments");
  const auto argument = [&](std::string_view key) {
    return std::string(given == nullptr ? "" : json::get_string(*given, key));
  };
  if (name == "test_simple_prompt" || name == "test_toggled_prompt") {
    co_return messages({user_says(text_block("This is a simple prompt for testing."))});
  }
  if (name == "test_prompt_with_arguments") {
    co_return messages({user_says(text_block("Prompt with arguments: arg1='" + argument("arg1") +
                                             "', arg2='" + argument("arg2") + "'"))});
  }
  if (name == "test_prompt_with_embedded_resource") {
    json::Object resource{{"uri", argument("resourceUri")},
                          {"mimeType", "text/plain"},
                          {"text", "Embedded resource content for testing."}};
    co_return messages({user_says({{"type", "resource"}, {"resource", std::move(resource)}}),
                        user_says(text_block("Please process the embedded resource above."))});
  }
  if (name == "test_prompt_with_image") {
    co_return messages(
        {user_says(image_block()), user_says(text_block("Please analyze the image above."))});
  }
  if (name == "test_input_required_result_prompt") {
    if (input_in(params, "user_context") == nullptr) {
      co_return wanted({{"user_context", form("What context?", "context", "string")}});
    }
    co_return messages(
        {user_says(text_block("Context: " + answer_in(params, "user_context", "context")))});
  }
  co_return mcp::refused(jsonrpc::kInvalidParams, "Unknown prompt: " + name);
}

json::Array resource_definitions() {
  const auto resource = [](std::string_view uri, std::string_view name, std::string_view type) {
    return json::Value(json::Object{
        {"uri", uri}, {"name", name}, {"description", "A resource for tests"}, {"mimeType", type}});
  };
  return {resource("test://static-text", "Static text", "text/plain"),
          resource("test://static-binary", "Static binary", "image/png"),
          resource("test://watched-resource", "Watched resource", "text/plain")};
}

json::Array template_definitions() {
  return {json::Object{{"uriTemplate", "test://template/{id}/data"},
                       {"name", "Template"},
                       {"description", "Data by id"},
                       {"mimeType", "application/json"}}};
}

FixtureService::Reply read_resource(const json::Object& params, mcp::Era era) {
  const std::string uri(json::get_string(params, "uri"));
  json::Object content{{"uri", uri}, {"mimeType", "text/plain"}};
  const std::string before = "test://template/";
  const std::string after = "/data";
  if (uri == "test://static-text") {
    content["text"] = "This is the content of the static text resource.";
  } else if (uri == "test://watched-resource") {
    content["text"] = "Watched resource content";
  } else if (uri == "test://static-binary") {
    content["mimeType"] = "image/png";
    content["blob"] = image_block()["data"];
  } else if (uri.starts_with(before) && uri.ends_with(after) &&
             uri.size() > before.size() + after.size()) {
    const std::string id = uri.substr(before.size(), uri.size() - before.size() - after.size());
    content["mimeType"] = "application/json";
    content["text"] =
        R"({"id":")" + id + R"(","templateTest":true,"data":"Data for ID: )" + id + R"("})";
  } else {
    const int code =
        era == mcp::Era::kModern ? jsonrpc::kInvalidParams : mcp::kResourceNotFoundLegacy;
    return mcp::refused(code, "Resource not found", json::Value(json::Object{{"uri", uri}}));
  }
  return json::Object{{"contents", json::Array{json::Value(std::move(content))}}};
}

}  // namespace oap::conformance
