#include "platform/agents.hpp"

#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "platform/settings.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

using platform::AgentView;

json::Array array_of(const std::vector<std::string>& list) {
  json::Array array;
  for (const std::string& each : list) {
    array.emplace_back(each);
  }
  return array;
}

json::Object to_json(const AgentView& view, bool whole) {
  json::Object out{{"name", view.name},
                   {"description", view.description},
                   {"origin", view.origin},
                   {"model", view.model},
                   {"max_turns", nullptr},
                   {"temperature", nullptr},
                   {"rights", json::Object{{"tools", array_of(view.rights.tools)},
                                           {"write", array_of(view.rights.write)},
                                           {"commands", to_string(view.rights.commands)},
                                           {"patterns", array_of(view.patterns)},
                                           {"todo", to_string(view.rights.todo)},
                                           {"delegate", view.rights.delegate},
                                           {"network", view.rights.network}}},
                   {"remarks", array_of(view.remarks)}};
  if (view.max_turns) {
    out["max_turns"] = *view.max_turns;
  }
  if (view.temperature) {
    out["temperature"] = *view.temperature;
  }
  if (whole) {
    out["prompt"] = view.prompt;
  }
  return out;
}

std::string shown(std::string_view text) {
  return text::escape_visible(text, {.keep_newlines = true});
}

std::string text_of(const AgentView& view) {
  const auto list = [](const std::vector<std::string>& all) {
    return all.empty() ? std::string("nothing") : text::join(all, ", ");
  };
  std::string out = fmt::format("{} ({})\n", view.name, shown(view.origin));
  if (!view.description.empty()) {
    out += fmt::format("  {}\n", shown(view.description));
  }
  out += fmt::format(
      "  model:     {}\n  tools:     {}\n  writes:    {}\n  commands:  {}{}\n"
      "  network:   {}\n  delegates: {}\n  todo:      {}\n",
      shown(view.model), shown(list(view.rights.tools)), shown(list(view.rights.write)),
      to_string(view.rights.commands),
      view.patterns.empty() ? "" : "; only " + shown(text::join(view.patterns, ", ")),
      view.rights.network ? "yes" : "no", view.rights.delegate ? "yes" : "no",
      to_string(view.rights.todo));
  if (view.max_turns) {
    out += fmt::format("  turns:     at most {}\n", *view.max_turns);
  }
  for (const std::string& remark : view.remarks) {
    out += fmt::format("  note: {}\n", shown(remark));
  }
  return out;
}

int show_one(const std::vector<AgentView>& views, const AgentsArgs& args, bool as_json) {
  std::vector<std::string> names;
  const std::string wanted = args.name == "executor" ? "worker" : args.name;
  for (const AgentView& view : views) {
    if (view.name == wanted) {
      if (as_json) {
        print_json(to_json(view, true));
      } else {
        print(text_of(view) + "\n" + shown(view.prompt) + "\n");
      }
      return 0;
    }
    names.push_back(view.name);
  }
  return report(Error(Code::kNotFound,
                      fmt::format("there is no agent '{}'{}", text::escape_visible(args.name),
                                  text::did_you_mean(args.name, names))),
                as_json);
}

}  // namespace

int agents_command(const Common& common, const AgentsArgs& args) {
  const auto settings = platform::load_settings(settings_options(common));
  if (!settings) {
    return report(settings.error(), common.json);
  }
  const std::vector<AgentView> views = platform::agent_views(*settings, "");
  for (const std::string& problem : platform::agent_files(*settings).problems) {
    print_error(shown(problem));
  }
  if (args.show) {
    return show_one(views, args, common.json);
  }
  json::Array rows;
  std::string text;
  for (const AgentView& view : views) {
    rows.push_back(to_json(view, false));
    text += text_of(view);
  }
  if (common.json) {
    print_json(json::Object{{"agents", std::move(rows)}});
  } else {
    print(text);
  }
  return 0;
}

}  // namespace oap::cli
