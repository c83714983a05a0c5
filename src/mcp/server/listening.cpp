#include "mcp/server/listening.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/server/modern_desk.hpp"

namespace oap::mcp {
namespace {

constexpr std::size_t kMaxUris = 1000;

bool has_flag(const json::Object& capabilities, std::string_view area, std::string_view flag) {
  const json::Object* object = json::find_object(capabilities, area);
  return object != nullptr && json::get_bool(*object, flag);
}

/// A notification up to and from the place where the subscription's id stands.
struct Tagged {
  std::string before;
  std::string after;
};

Tagged tagged(std::string_view method, json::Object params) {
  json::Object meta;
  if (json::Value* given = params.if_contains("_meta"); given != nullptr && given->is_object()) {
    meta = std::move(given->get_object());
    meta.erase(kMetaSubscription);
  }
  params.erase("_meta");
  std::string meta_text = json::print(std::move(meta));
  meta_text.pop_back();
  std::string rest = json::print(std::move(params));
  Tagged text;
  text.before = fmt::format(R"({{"jsonrpc":"2.0","method":"{}","params":{{"_meta":{}{}"{}":)",
                            method, meta_text, meta_text.size() > 1 ? "," : "", kMetaSubscription);
  text.after = rest.size() > 2 ? "}," + rest.substr(1) + "}" : "}}}";
  return text;
}

}  // namespace

std::string_view method_of(const Change& change) {
  switch (change.kind) {
    case Change::Kind::kTools:
      return "notifications/tools/list_changed";
    case Change::Kind::kPrompts:
      return "notifications/prompts/list_changed";
    case Change::Kind::kResources:
      return "notifications/resources/list_changed";
    case Change::Kind::kResource:
      return "notifications/resources/updated";
  }
  return "";
}

json::Object params_of(const Change& change) {
  json::Object params = change.params;
  if (change.kind == Change::Kind::kResource && json::find(params, "uri") == nullptr) {
    params["uri"] = change.uri;
  }
  return params;
}

bool Listening::Subscription::wants(const Change& change) const {
  switch (change.kind) {
    case Change::Kind::kTools:
      return tools;
    case Change::Kind::kPrompts:
      return prompts;
    case Change::Kind::kResources:
      return resources;
    case Change::Kind::kResource:
      return std::find(uris.begin(), uris.end(), change.uri) != uris.end();
  }
  return false;
}

Task<void> Listening::choose(Core& core, const json::Object& filter, Caller caller,
                             Subscription& subscription) {
  Face face = co_await core.service().face(caller);
  core.set_server_info(face.info);
  const json::Object& can = face.capabilities;
  subscription.tools =
      json::get_bool(filter, "toolsListChanged") && has_flag(can, "tools", "listChanged");
  subscription.prompts =
      json::get_bool(filter, "promptsListChanged") && has_flag(can, "prompts", "listChanged");
  subscription.resources =
      json::get_bool(filter, "resourcesListChanged") && has_flag(can, "resources", "listChanged");
  const json::Array* uris = json::find_array(filter, "resourceSubscriptions");
  if (uris != nullptr && has_flag(can, "resources", "subscribe")) {
    co_await follow(core, *uris, caller, subscription);
  }
  if (!subscription.uris.empty()) {
    subscription.caller = std::make_shared<const Caller>(std::move(caller));
  }
}

Task<void> Listening::follow(Core& core, const json::Array& uris, const Caller& caller,
                             Subscription& subscription) {
  const std::string holder = core.holder(caller.principal, subscription.outlet->peer());
  for (const json::Value& uri : uris) {
    if (!uri.is_string() || uri.get_string().size() > kMaxUriBytes ||
        subscription.uris.size() >= kMaxUris) {
      continue;
    }
    std::string text(json::view(uri.get_string()));
    if (std::find(subscription.uris.begin(), subscription.uris.end(), text) !=
        subscription.uris.end()) {
      continue;
    }
    auto place = core.watched().take(holder);
    if (!place) {
      continue;
    }
    if (const auto watched = co_await core.service().watch(text, caller); watched) {
      subscription.uris.push_back(std::move(text));
      subscription.watched.push_back(*std::move(place));
    }
  }
}

json::Object Listening::accepted(const Subscription& subscription) {
  json::Object filter;
  for (const auto& [name, on] : {std::pair("toolsListChanged", subscription.tools),
                                 std::pair("promptsListChanged", subscription.prompts),
                                 std::pair("resourcesListChanged", subscription.resources)}) {
    if (on) {
      filter[name] = true;
    }
  }
  if (!subscription.uris.empty()) {
    json::Array& uris = filter["resourceSubscriptions"].emplace_array();
    for (const std::string& uri : subscription.uris) {
      uris.emplace_back(uri);
    }
  }
  return filter;
}

Task<void> Listening::open(Listening& listening, ModernRequest request,
                           std::shared_ptr<Outlet> outlet) {
  const json::Object* given = json::find_object(request.params, "notifications");
  if (given == nullptr || !outlet->can_send()) {
    auto refusal = jsonrpc::Response::failure(
        request.id, jsonrpc::kInvalidParams,
        given == nullptr ? "subscriptions/listen needs the object params.notifications"
                         : "subscriptions/listen is answered with an event stream only");
    outlet->answer(jsonrpc::print(std::move(refusal)), given == nullptr ? 400 : 406);
    co_return;
  }
  auto subscription = std::make_shared<Subscription>();
  subscription->id = json::print(request.id);
  subscription->outlet = outlet;
  auto place = listening.core_.streams().take(
      listening.core_.holder(request.caller->principal, outlet->peer()));
  if (!place) {
    refuse(*outlet, std::move(request.id), no_place(std::move(place).error()));
    co_return;
  }
  subscription->place = *std::move(place);
  outlet->on_gone([&listening, weak = std::weak_ptr(subscription)] {
    if (const auto alive = weak.lock()) {
      listening.end(alive);
    }
  });
  {
    const Core::Running running(listening.core_, name_of(request.caller->principal));
    co_await choose(listening.core_, *given, *request.caller, *subscription);
  }
  if (subscription->gone) {
    co_await unwatch(listening.core_, std::move(subscription));
    co_return;
  }
  json::Object params;
  params["notifications"] = accepted(*subscription);
  const Tagged text = tagged("notifications/subscriptions/acknowledged", std::move(params));
  listening.open_.emplace(subscription.get(), subscription);
  outlet->send(text.before + subscription->id + text.after);
  if (listening.core_.closing()) {
    listening.close();
  }
}

void Listening::changed(const Change& change) {
  std::vector<std::shared_ptr<Subscription>> interested;
  for (const auto& [key, subscription] : open_) {
    if (subscription->wants(change)) {
      interested.push_back(subscription);
    }
  }
  if (interested.empty()) {
    return;
  }
  const Tagged text = tagged(method_of(change), params_of(change));
  for (const auto& subscription : interested) {
    subscription->outlet->send(text.before + subscription->id + text.after);
  }
}

Task<void> Listening::unwatch(Core& core, std::shared_ptr<Subscription> subscription) {
  for (const std::string& uri : subscription->uris) {
    Caller caller = *subscription->caller;
    co_await core.service().unwatch(uri, std::move(caller));
  }
}

void Listening::end(const std::shared_ptr<Subscription>& subscription) {
  subscription->gone = true;
  subscription->place = {};
  subscription->watched.clear();
  if (open_.erase(subscription.get()) > 0 && !subscription->uris.empty()) {
    core_.start(unwatch(core_, subscription));
  }
}

void Listening::close() {
  const auto all = std::exchange(open_, {});
  for (const auto& [key, subscription] : all) {
    json::Value id = *json::parse(subscription->id);
    json::Object result;
    result["_meta"].emplace_object()[kMetaSubscription] = id;
    complete_result("subscriptions/listen", core_.server_info(), result);
    subscription->outlet->answer(
        jsonrpc::print(jsonrpc::Response::success(std::move(id), std::move(result))), 200);
    if (!subscription->uris.empty()) {
      core_.start(unwatch(core_, subscription));
    }
  }
}

}  // namespace oap::mcp
