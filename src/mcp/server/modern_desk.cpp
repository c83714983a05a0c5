#include "mcp/server/modern_desk.hpp"

#include <utility>

#include <fmt/format.h>

#include "jsonrpc/message.hpp"

namespace oap::mcp {

void refuse(Outlet& outlet, json::Value id, Rejection rejection) {
  jsonrpc::Response response;
  response.id = std::move(id);
  response.error = std::move(rejection.error);
  outlet.answer(jsonrpc::print(std::move(response)), rejection.status);
}

Rejection too_busy() {
  return Rejection{
      429, jsonrpc::ErrorObject{kTooBusy,
                                "too many requests are under way; try again when one has ended"}};
}

void ModernDesk::take(ModernRequest request, std::shared_ptr<Outlet> outlet) {
  if (!may_be_modern(request.method)) {
    refuse(*outlet, std::move(request.id),
           Rejection{404, jsonrpc::ErrorObject{
                              jsonrpc::kMethodNotFound,
                              fmt::format("{} has no method {}", kModernVersion, request.method)}});
    return;
  }
  const std::string_view state = json::get_string(request.params, "requestState");
  if (!state.empty() && parking_.seal().is_ours(state)) {
    ModernCall::resume(parking_, std::move(request), std::move(outlet));
    return;
  }
  if (!core_.has_room(name_of(request.caller->principal))) {
    refuse(*outlet, std::move(request.id), too_busy());
  } else if (request.method == "server/discover") {
    core_.start(discover(core_, std::move(request), std::move(outlet)));
  } else if (request.method == "subscriptions/listen") {
    core_.start(Listening::open(listening_, std::move(request), std::move(outlet)));
  } else {
    ModernCall::start(core_, parking_, std::move(request), std::move(outlet));
  }
}

Task<void> ModernDesk::discover(Core& core, ModernRequest request, std::shared_ptr<Outlet> outlet) {
  const Core::Running running(core, name_of(request.caller->principal));
  Caller caller = *request.caller;
  Face face = co_await core.service().face(std::move(caller));
  core.set_server_info(face.info);
  json::Object result;
  result["supportedVersions"] = json::Array{json::Value(kModernVersion)};
  result["capabilities"] = std::move(face.capabilities);
  if (!face.instructions.empty()) {
    result["instructions"] = face.instructions;
  }
  complete_result("server/discover", core.server_info(), result);
  outlet->answer(
      jsonrpc::print(jsonrpc::Response::success(std::move(request.id), std::move(result))), 200);
}

void ModernDesk::close() {
  parking_.clear();
  listening_.close();
}

}  // namespace oap::mcp
