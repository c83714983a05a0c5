#include "acp/agent.hpp"

#include <utility>

#include <fmt/format.h>

#include "acp/agent_parts.hpp"
#include "async/deadline.hpp"
#include "base/log.hpp"
#include "text/utf8.hpp"

namespace oap::acp {

Agent::Agent(Executor executor, Host& host, AgentOptions options)
    : executor_(executor),
      host_(host),
      options_(options),
      wire_(executor, options.wire),
      scope_(executor) {}

Agent::~Agent() = default;

Task<Result<void>> Agent::serve(os::UniqueFd in, os::UniqueFd out) {
  async::ReadPipe reader(executor_, std::move(in));
  async::WritePipe writer(executor_, std::move(out));
  async::Event writer_ended(executor_);
  Result<void> written;
  const auto write_out = [](Wire& wire, async::WritePipe& pipe, async::ReadPipe& input,
                            async::Event& ended, Result<void>& result) -> Task<void> {
    result = co_await wire.write(pipe);
    ended.notify();
    if (!result) {
      input.close();
    }
  };
  async::Scope output(executor_);
  output.spawn(write_out(wire_, writer, reader, writer_ended, written));
  co_await wire_.read(reader, *this);
  const auto ending = [](Agent& agent) -> Task<Result<void>> {
    co_await agent.shut_all();
    co_return Result<void>{};
  };
  co_await async::shielded(ending(*this));
  wire_.hang_up();
  const Deadline flush = Deadline::after(Millis(5'000));
  if (co_await writer_ended.wait_shielded(flush) != async::Event::Wake::kNotified) {
    output.cancel();
  }
  co_await output.join();
  co_return written;
}

/// The editor has gone, or is to be left: questions to it end, turns are cancelled, and everything
/// that was started is ended.
Task<void> Agent::shut_all() {
  wire_.peer_left();
  for (auto& [id, open] : sessions_) {
    open->closing = true;
    if (open->turn) {
      open->turn->request();
    }
  }
  const auto joined = [](async::Scope& scope) -> Task<Result<void>> {
    co_await scope.join();
    co_return Result<void>{};
  };
  const Deadline deadline = Deadline::after(options_.closing);
  auto join = joined(scope_);
  if (!co_await async::with_deadline(deadline, std::move(join), "ending the turns")) {
    scope_.cancel();
    co_await scope_.join();
  }
  for (auto& [id, open] : std::exchange(sessions_, {})) {
    co_await open->session->close(false);
  }
}

void Agent::on_request(jsonrpc::Request request) { scope_.spawn(run(std::move(request))); }

void Agent::on_notification(std::string method, json::Object params) {
  std::string session(json::get_string(params, "sessionId"));
  if (method == "$/cancel_request") {
    const json::Value* const id = json::find(params, "requestId");
    const auto found = id != nullptr ? prompts_.find(jsonrpc::id_key(*id)) : prompts_.end();
    if (found == prompts_.end()) {
      return;
    }
    session = found->second;
  } else if (method != "session/cancel") {
    log::debug("acp", "a notification that this agent does not know", {{"method", method}});
    return;
  }
  const auto open = sessions_.find(session);
  if (open == sessions_.end()) {
    log::info("acp", "a cancellation for a session that is not open", {{"session", session}});
  } else if (open->second->turn) {
    open->second->turn->request();
  }
}

const std::map<std::string_view, Agent::Method>& Agent::methods() {
  static const std::map<std::string_view, Method> kMethods = {
      {"initialize", &Agent::initialize},     {"authenticate", &Agent::authenticate},
      {"session/new", &Agent::begin},         {"session/load", &Agent::load},
      {"session/resume", &Agent::resume},     {"session/fork", &Agent::fork},
      {"session/list", &Agent::list},         {"session/close", &Agent::close},
      {"session/delete", &Agent::remove},     {"session/prompt", &Agent::prompt},
      {"session/set_mode", &Agent::set_mode}, {"session/set_config_option", &Agent::set_option},
  };
  return kMethods;
}

Task<void> Agent::run(jsonrpc::Request request) {
  const json::Value id = request.id;
  const std::string key = jsonrpc::id_key(id);
  if (request.method == "session/prompt") {
    prompts_[key] = json::get_string(request.params, "sessionId");
  }
  Answer answer = co_await dispatch(request.method, std::move(request.params));
  prompts_.erase(key);
  std::string announced;
  if (answer && (request.method == "session/new" || request.method == "session/fork")) {
    announced = json::get_string(*answer, "sessionId");
  } else if (answer && (request.method == "session/load" || request.method == "session/resume")) {
    announced = json::get_string(*answer, "sessionId");
    answer->erase("sessionId");
  }
  wire_.answer(id, std::move(answer));
  if (const auto open = sessions_.find(announced); open != sessions_.end()) {
    announce(*open->second);
  }
}

Task<Agent::Answer> Agent::dispatch(std::string method, json::Object params) {
  const auto found = methods().find(method);
  if (found == methods().end()) {
    co_return fail(Code::kUnimplemented, "this agent does not know the method {}",
                   text::escape_visible(text::truncate_utf8(method, 100)));
  }
  if (!client_ && method != "initialize") {
    co_return fail(Code::kFailedPrecondition, "initialize comes before {}", method);
  }
  const Method handler = found->second;
  co_return co_await (this->*handler)(std::move(params));
}

Task<Agent::Answer> Agent::initialize(json::Object params) {
  if (client_) {
    co_return fail(Code::kFailedPrecondition, "this connection is initialized already");
  }
  OAP_CO_TRY(client_, parse_initialize(params));
  log::info("acp", "an editor has connected",
            {{"name", client_->name}, {"version", client_->version}});
  co_return initialize_result();
}

Task<Agent::Answer> Agent::authenticate(json::Object /*params*/) {
  co_return fail(Code::kInvalidArgument,
                 "this agent has no ways to authenticate (authMethods is empty): keys of model "
                 "providers come from its environment");
}

Result<std::shared_ptr<Agent::Open>> Agent::open(const json::Object& params, OpenRequest::How how) {
  using How = OpenRequest::How;
  if (sessions_.size() >= options_.max_sessions) {
    return fail(Code::kResourceExhausted,
                "{} sessions are open; close one with session/close first", sessions_.size());
  }
  OpenRequest request;
  request.how = how;
  OAP_TRY(request.params, parse_session(params, how != How::kNew));
  auto open = std::make_shared<Open>(wire_, *client_, options_, executor_);
  request.approver = &open->approver;
  request.files = client_->reads_files || client_->writes_files ? &open->files : nullptr;
  OAP_TRY(open->session, host_.open(std::move(request)));
  const std::string& id = open->session->id();
  if (sessions_.contains(id)) {
    return fail(Code::kFailedPrecondition, "{} is open already", id);
  }
  open->files.set_session(id);
  open->approver.set_session(id);
  open->approver.set_mode(open->chosen.mode);
  open->approver.set_file_text([session = open->session.get()](const std::string& path) {
    return session->file_text(path);
  });
  open->models = open->session->models();
  open->chosen.model = open->models.empty() ? std::string() : open->models.front();
  if (const auto record = open->session->record()) {
    open->cost = record->usage.cost_usd;
  }
  sessions_[id] = open;
  return open;
}

json::Object Agent::state_of(const Open& open) const {
  return json::Object{{"sessionId", open.session->id()},
                      {"modes", modes_json(open.chosen)},
                      {"configOptions", options_json(open.chosen, open.models)}};
}

void Agent::announce(const Open& open) {
  const std::string& id = open.session->id();
  update(id, commands(open.session->commands()));
  for (const std::string& notice : open.session->notices()) {
    log::warn("acp", notice);
    if (client_->shows_notices) {
      update(id, {{"sessionUpdate", "notice"}, {"severity", "warning"}, {"title", notice}});
    }
  }
}

void Agent::update(const std::string& session_id, json::Object update) {
  wire_.notify("session/update",
               json::Object{{"sessionId", session_id}, {"update", std::move(update)}});
}

Result<std::shared_ptr<Agent::Open>> Agent::find(const json::Object& params) const {
  OAP_TRY(const std::string id, required_text(params, "sessionId"));
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) {
    return fail(Code::kNotFound, "the session {} is not open here (session/load opens it)",
                text::escape_visible(text::truncate_utf8(id, 100)));
  }
  return found->second;
}

/// Cancels what is under way and closes the session.
Task<Result<void>> Agent::shut(std::shared_ptr<Open> open, bool keep) {
  if (open->closing) {
    co_return fail(Code::kFailedPrecondition, "{} is being closed", open->session->id());
  }
  open->closing = true;
  if (open->turn) {
    open->turn->request();
    const Deadline soon = Deadline::after(options_.closing);
    co_await open->idle.wait(soon);
  }
  if (open->turn) {
    open->closing = false;
    co_return fail(Code::kUnavailable, "{} is still ending its turn", open->session->id());
  }
  sessions_.erase(open->session->id());
  co_await open->session->close(keep);
  co_return Result<void>{};
}

/// The session of session/load and resume; one that is open here already is opened anew.
Task<Result<std::shared_ptr<Agent::Open>>> Agent::reopen(json::Object params) {
  const auto found = sessions_.find(std::string(json::get_string(params, "sessionId")));
  if (found != sessions_.end()) {
    const std::shared_ptr<Open> old = found->second;
    if (old->turn) {
      co_return fail(Code::kFailedPrecondition,
                     "a prompt is under way in {}; session/cancel ends it", old->session->id());
    }
    OAP_CO_CHECK_OK(parse_session(params, true));
    OAP_CO_CHECK_OK(co_await shut(old, true));
  }
  co_return open(params, OpenRequest::How::kContinue);
}

}  // namespace oap::acp
