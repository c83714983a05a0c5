#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "cli/chat/chat.hpp"
#include "platform/agents.hpp"
#include "platform/missions.hpp"
#include "platform/models.hpp"
#include "platform/skill_settings.hpp"
#include "terminal/width.hpp"
#include "text/strings.hpp"

namespace oap::cli::chat {
namespace {

using terminal::Line;

constexpr std::size_t kSessionsShown = 20;

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

std::string money(const Usage& usage) {
  return usage.cost_usd ? fmt::format("${:.4f}", *usage.cost_usd) : "price not known";
}

}  // namespace

std::string Chat::model_name() const {
  if (!options_.model.empty()) {
    return options_.model;
  }
  const platform::Settings& settings = platform_.settings();
  if (const auto variable = settings.env("OAP_MODEL"); variable && !variable->empty()) {
    return *variable;
  }
  const std::string& configured = settings.config.agents.executor.model;
  return configured.empty() ? "offline" : configured;
}

bool Chat::has_model() const { return model_name() != "offline"; }

std::vector<MoreCommand> Chat::more() const {
  return options_.more ? options_.more() : std::vector<MoreCommand>();
}

bool Chat::slash(const Saying& saying) {
  const std::optional<Slash> slash = parse_slash(saying.text);
  if (!slash) {
    return false;
  }
  const SlashCommand* const known = find_slash(slash->name);
  if (known != nullptr && known->goes == SlashCommand::Goes::kHooks) {
    return false;
  }
  if (known == nullptr) {
    for (const MoreCommand& one : more()) {
      if (text::lower_ascii(one.name) == slash->name) {
        return false;
      }
    }
  }
  if (!cancel_ && !front_->echoes()) {
    transcript_.person(saying.shown);
  }
  command(*slash);
  front_->changed();
  return true;
}

void Chat::command(const Slash& slash) {
  using Action = void (*)(Chat&, const std::string&);
  static const std::map<std::string_view, Action> kActions = {
      {"help", [](Chat& chat, const std::string&) { chat.help(); }},
      {"agents", [](Chat& chat, const std::string&) { chat.agents(); }},
      {"model", [](Chat& chat, const std::string& name) { chat.model(name); }},
      {"cost", [](Chat& chat, const std::string&) { chat.cost(); }},
      {"undo", [](Chat& chat, const std::string& count) { chat.undo(count); }},
      {"redo", [](Chat& chat, const std::string& count) { chat.redo(count); }},
      {"expand", [](Chat& chat, const std::string& number) { chat.expand(number); }},
      {"clear", [](Chat& chat, const std::string&) { chat.clear(); }},
      {"new", [](Chat& chat, const std::string&) { chat.clear(); }},
      {"skills", [](Chat& chat, const std::string&) { chat.skills(); }},
      {"sessions", [](Chat& chat, const std::string&) { chat.sessions(); }},
      {"resume", [](Chat& chat, const std::string& id) { chat.resume(id); }},
      {"status", [](Chat& chat, const std::string&) { chat.status(); }},
      {"exit", [](Chat& chat, const std::string&) { chat.leave(0); }},
      {"quit", [](Chat& chat, const std::string&) { chat.leave(0); }},
  };
  const auto found = kActions.find(slash.name);
  if (found == kActions.end()) {
    transcript_.error(unknown_slash(slash.name, more()));
    return;
  }
  found->second(*this, slash.arguments);
}

void Chat::table(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::size_t widest = 0;
  for (const auto& [name, text] : rows) {
    widest = std::max(widest, terminal::columns_of(name));
  }
  const std::size_t width = front_->width();
  const std::size_t column = std::min(widest + 2, width / 2);
  std::vector<Line> out;
  for (const auto& [name, text] : rows) {
    Line first = {{"  "}};
    add(first, terminal::shown(name), {.bold = true});
    const std::size_t used = terminal::columns_of(first);
    const Line rest = {{std::string(std::min(column + 2, width / 2), ' ')}};
    if (used >= column + 2) {
      for (Line& row : terminal::wrap({{terminal::shown(name), {.bold = true}}},
                                      {width, {{"  "}}, {{"    "}}})) {
        out.push_back(std::move(row));
      }
      first = rest;
    } else {
      add(first, std::string(column + 2 - used, ' '));
    }
    for (Line& row : terminal::wrap({{terminal::shown(text), {}}}, {width, first, rest})) {
      out.push_back(std::move(row));
    }
  }
  transcript_.rows(std::move(out));
}

void Chat::help() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const SlashCommand& command : slash_commands()) {
    std::string name = "/" + std::string(command.name);
    name += command.arguments.empty() ? "" : " " + std::string(command.arguments);
    rows.emplace_back(std::move(name), command.help);
  }
  for (const MoreCommand& command : more()) {
    rows.emplace_back("/" + command.name, command.help);
  }
  table(rows);
  transcript_.rows({Line{}});
  table({{"Enter", "send; while an agent works, it is sent afterwards"},
         {"Alt-Enter, \\ Enter", "a new line"},
         {"Esc, Ctrl-C", "pause what works; Ctrl-C twice at an empty prompt leaves"},
         {"Tab", "complete a /command or an @file"},
         {"Up, Down, Ctrl-R", "what was written before; look for it"},
         {"Ctrl-L, Ctrl-Z", "clear the screen; to the background"}});
}

void Chat::model(const std::string& name) {
  if (name.empty()) {
    transcript_.note("Model: " + terminal::shown(model_name()));
    return;
  }
  std::vector<std::string> own;
  for (const auto& [provider, config] : platform_.settings().config.providers) {
    own.push_back(provider);
  }
  if (const auto known = llm::parse_model(name, own); !known) {
    transcript_.error(known.error().message());
    return;
  }
  options_.model = name;
  transcript_.note("From the next turn on: " + terminal::shown(name));
}

void Chat::agents() {
  static const std::map<std::string_view, std::string_view> kDuties = {
      {"commander", "carries missions, turns a task into requirements"},
      {"planner", "turns requirements into a plan"},
      {"worker", "does the work, and talks with you"},
      {"reviewer", "judges the evidence"}};
  std::vector<std::pair<std::string, std::string>> rows;
  for (const platform::AgentView& agent :
       platform::agent_views(platform_.settings(), options_.model)) {
    const auto duty = kDuties.find(agent.name);
    const std::string what = duty == kDuties.end() ? agent.description : std::string(duty->second);
    rows.emplace_back(agent.name, what + (what.empty() ? "" : " · ") + agent.model);
  }
  table(rows);
}

void Chat::cost() {
  Usage session;
  if (!session_.empty()) {
    if (const auto record = platform_.store().sessions().find(session_)) {
      session = record->usage;
    }
  }
  const auto words = [](const Usage& usage) {
    return fmt::format("{} in, {} out, {} cached, {} requests · {}",
                       short_count(usage.input_tokens + usage.cache_write_tokens),
                       short_count(usage.output_tokens), short_count(usage.cache_read_tokens),
                       usage.requests, money(usage));
  };
  table({{"this talk", words(total_usage_)}, {"session", words(session)}});
}

void Chat::clear() {
  session_.clear();
  context_tokens_ = 0;
  notes_.clear();
  front_->clear_screen();
  transcript_.note("A new session. The old one stays: /sessions, /resume ID.");
}

void Chat::skills() {
  const skills::Library library = platform::look_at_skills(platform_.settings());
  std::vector<std::pair<std::string, std::string>> rows;
  for (const skills::Entry& entry : library.entries) {
    const bool ready = entry.state == skills::Entry::State::kReady;
    const std::string state(to_string(entry.state));
    rows.emplace_back(entry.skill.name, ready ? entry.skill.description : state + ": " + entry.why);
  }
  if (rows.empty()) {
    transcript_.note("No skills here. oap skills add owner/repo adds one.");
  }
  table(rows);
  for (const std::string& problem : library.problems) {
    transcript_.warning(problem);
  }
}

void Chat::sessions() {
  store::SessionFilter filter;
  filter.workspace = platform_.settings().paths.workspace;
  filter.limit = kSessionsShown;
  const auto list = platform_.store().sessions().list(filter);
  if (!list) {
    transcript_.error(list.error().to_string());
    return;
  }
  std::vector<std::pair<std::string, std::string>> rows;
  for (const store::SessionRecord& record : *list) {
    rows.emplace_back(record.id == session_ ? record.id + " *" : record.id,
                      format_time(record.updated_at).substr(0, 16) + " " + record.title);
  }
  if (rows.empty()) {
    transcript_.note("No sessions yet.");
    return;
  }
  table(rows);
}

void Chat::resume(const std::string& id) {
  const auto record = platform_.settle_session(id);
  if (!record) {
    transcript_.error(record.error().to_string());
    return;
  }
  session_ = record->id;
  context_tokens_ = 0;
  transcript_.note(fmt::format("Going on with {}: {}", session_, terminal::shown(record->title)));
}

void Chat::status() {
  const platform::Settings& settings = platform_.settings();
  table({{"session", session_.empty() ? "none yet" : session_},
         {"model", model_name()},
         {"workspace", settings.paths.workspace},
         {"state", settings.paths.state_dir},
         {"calls", fmt::format("{} in this talk", calls_.count())},
         {"waiting", fmt::format("{} to be sent", queue_.size())},
         {"rules", "revision " + platform_.policy_health().revision}});
  const auto open = platform_.missions().list(true, 5);
  for (const store::MissionRecord& mission : open ? *open : std::vector<store::MissionRecord>()) {
    table({{"mission", fmt::format("{} {}{}: {}", mission.id, mission.state,
                                   mission.reason.empty() ? "" : " (" + mission.reason + ")",
                                   mission.objective.substr(0, mission.objective.find('\n')))}});
  }
}

void Chat::expand(const std::string& number) {
  const auto wanted = number.empty() ? std::optional(calls_.count()) : number_of(number);
  const std::optional<CallEntry> entry = wanted ? calls_.find(*wanted) : std::nullopt;
  if (!entry) {
    transcript_.error(calls_.count() == 0 ? "There was no tool call yet."
                                          : fmt::format("There is no call '{}'; the last is {}.",
                                                        terminal::shown(number), calls_.count()));
    return;
  }
  std::vector<Line> rows = expanded(*entry, front_->width());
  for (Line& row : rows) {
    for (terminal::Span& span : row) {
      span.text = platform_.redactor().redact(span.text);
    }
  }
  transcript_.rows(std::move(rows));
}

terminal::Completion Chat::complete(std::string_view before_cursor) {
  if (before_cursor.starts_with('/') && before_cursor.find_first_of(" \n") == std::string::npos) {
    return {0, slash_candidates(before_cursor, more())};
  }
  return complete_path(before_cursor, platform_.settings().paths.workspace);
}

}  // namespace oap::cli::chat
