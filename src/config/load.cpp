#include "config/load.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "config/check.hpp"
#include "config/decode.hpp"
#include "config/digests.hpp"
#include "config/mcp_json.hpp"
#include "config/merge.hpp"
#include "config/shapes.hpp"
#include "config/sources.hpp"
#include "config/trust.hpp"
#include "config/untrusted.hpp"
#include "text/strings.hpp"

namespace oap::config {
namespace {

class Loader {
 public:
  explicit Loader(const LoadOptions& options)
      : options_(options), shape_(config_shape()), merged_(shape_) {}

  Loaded run() {
    Folder user = read_folder(options_.paths.user_dir, {});
    Folder project = read_folder(options_.paths.project_dir, {});
    Folder managed = read_folder(options_.paths.managed_dir, {true, options_.managed_owner});
    ForeignServers foreign;
    const bool others = reads_others({&user, &project}, managed);
    if (options_.commands) {
      commands_ = options_.commands(others);
      append(problems_, commands_.problems);
    }
    if (others) {
      foreign = read_mcp_json(options_.paths.workspace);
      drop_known(foreign, project.sources);
    }
    decide_trust(project, foreign);
    add("user", user, options_.paths.user_dir, true);
    add_foreign(foreign);
    add("project", project, options_.paths.workspace, notes_.trusted);
    add_log_level();
    for (const std::string& setting : options_.settings) {
      add_setting(setting);
    }
    add("managed", managed, options_.paths.managed_dir, true);
    return finish();
  }

 private:
  /// platform.compatibility_mode before all is merged, because it decides what is.
  bool reads_others(std::array<const Folder*, 2> lower, const Folder& managed) const {
    std::string mode;
    const auto look = [&mode](const Folder& folder) {
      for (const Source& source : folder.sources) {
        const json::Value* const platform = json::find(source.document.value, "platform");
        if (platform != nullptr && source.own == nullptr) {
          mode = json::get_string(*platform, "compatibility_mode", mode);
        }
      }
    };
    for (const Folder* folder : lower) {
      look(*folder);
    }
    static constexpr std::string_view kKey = "platform.compatibility_mode=";
    for (const std::string& setting : options_.settings) {
      if (setting.starts_with(kKey)) {
        mode = setting.substr(kKey.size());
      }
    }
    look(managed);
    return mode != "none";
  }

  void decide_trust(const Folder& project, const ForeignServers& foreign) {
    std::vector<Source> sources = project.sources;
    if (foreign.source) {
      sources.push_back(*foreign.source);
    }
    notes_.digests = command_digests(sources);
    notes_.commands = describe_commands(sources);
    notes_.digests.merge(commands_.digests);
    notes_.commands.merge(commands_.shown);
    const TrustStatus status = check_trust(options_.paths, notes_.digests);
    notes_.trusted = options_.trust || status.trusted;
    notes_.changed = status.changed;
    if (!notes_.trusted) {
      append(notes_.withheld, commands_.withheld);
    }
  }

  void add(const char* tier, Folder& folder, const std::string& base, bool trusted) {
    append(problems_, folder.problems);
    append(notes_.warnings, folder.warnings);
    if (!folder.permission_file.empty()) {
      notes_.permission_files.push_back({tier, folder.permission_file, trusted});
    }
    for (const Source& source : folder.sources) {
      notes_.files.push_back(source.document.file);
      const Shape shape = source.own == nullptr ? shape_ : own_shape(*source.own);
      put(source.document, shape, base, trusted);
    }
  }

  /// Below the project's own files, and trusted as they are.
  void add_foreign(ForeignServers& foreign) {
    if (notes_.trusted) {
      drop_unset(foreign, options_.env);
    }
    Folder folder;
    folder.problems = std::move(foreign.problems);
    folder.warnings = std::move(foreign.warnings);
    if (foreign.source) {
      folder.sources.push_back(*std::move(foreign.source));
    }
    add("project", folder, options_.paths.workspace, notes_.trusted);
  }

  Shape own_shape(const OwnFile& own) const { return object("", {*shape_.find(own.key)}); }

  void put(const yaml::Document& document, const Shape& shape, const std::string& base,
           bool trusted) {
    Checked checked = check(document, shape, {options_.env, trusted});
    if (!trusted) {
      keep_what_tightens(checked, document, merged_.settings());
    }
    resolve_prompt_files(checked.settings, base, options_.paths.home);
    append(problems_, checked.problems);
    append(notes_.withheld, checked.withheld);
    append(notes_.secrets, checked.secrets);
    append(notes_.warnings, checked.warnings);
    merged_.put(checked.settings, document);
  }

  void add_log_level() {
    const std::string given = options_.env("LOG_LEVEL").value_or("");
    const std::string level = text::lower_ascii(text::trim(given));
    if (level.empty()) {
      return;
    }
    static constexpr std::array<std::array<std::string_view, 2>, 8> kNames{{{"debug", "debug"},
                                                                            {"trace", "debug"},
                                                                            {"info", "info"},
                                                                            {"warn", "warn"},
                                                                            {"warning", "warn"},
                                                                            {"error", "error"},
                                                                            {"critical", "error"},
                                                                            {"fatal", "error"}}};
    for (const auto& [name, meaning] : kNames) {
      if (name == level) {
        yaml::Document document;
        document.file = "LOG_LEVEL";
        merged_.put({{"platform", {{"log_level", meaning}}}}, document);
        return;
      }
    }
    notes_.warnings.push_back(
        "LOG_LEVEL in the environment is not used: expected one of debug, info, warn, error");
  }

  /// "a.b=VALUE" as a document of its own, held against the same shape as the files.
  void add_setting(const std::string& setting) {
    const std::string file = "--set " + setting.substr(0, setting.find('='));
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      problems_.push_back(
          {"--set " + setting, 0, "", "expected KEY=VALUE, e.g. routing.agent_timeout=60"});
      return;
    }
    Result<yaml::Document> value = yaml::parse(setting.substr(equals + 1), file);
    if (!value) {
      problems_.push_back(problem_of(file, value.error()));
      problems_.back().line = 0;
      return;
    }
    yaml::Document document;
    document.file = file;
    document.value = setting.size() == equals + 1 ? json::Value() : value->value;
    std::vector<std::string_view> keys =
        text::split(std::string_view(setting).substr(0, equals), '.');
    if (keys.size() > 16) {
      keys.resize(16);
    }
    for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
      json::Object outer;
      outer[*key] = std::move(document.value);
      document.value = std::move(outer);
    }
    const std::size_t before = problems_.size();
    put(document, shape_, options_.paths.workspace, true);
    for (std::size_t i = before; i < problems_.size(); ++i) {
      problems_[i].line = 0;
    }
  }

  Loaded finish() {
    json::Value effective = merged_.settings();
    fill_defaults(shape_, effective);
    merged_.settings() = std::move(effective.get_object());
    std::vector<Problem> faults;
    Config config = decode(merged_, options_.paths, options_.env, faults);
    if (problems_.empty()) {
      problems_ = std::move(faults);
    }
    config.permission_files = std::move(notes_.permission_files);
    config.files = std::move(notes_.files);
    config.trusted = notes_.trusted;
    config.changed = std::move(notes_.changed);
    config.withheld = std::move(notes_.withheld);
    config.digests = std::move(notes_.digests);
    config.commands = std::move(notes_.commands);
    append(notes_.warnings, config.warnings);
    config.warnings = std::move(notes_.warnings);
    append(notes_.secrets, config.secrets);
    const std::set<std::string> secrets(notes_.secrets.begin(), notes_.secrets.end());
    config.secrets.assign(secrets.begin(), secrets.end());
    for (const auto& [pointer, origin] : merged_.origins()) {
      config.origins.emplace(pointer, origin.to_string());
    }
    config.settings = std::move(merged_.settings());
    return {std::move(config), std::move(problems_)};
  }

  template <class T>
  static void append(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
  }

  const LoadOptions& options_;
  const Shape shape_;
  Merged merged_;
  Config notes_;  ///< what is known before the settings are typed
  std::vector<Problem> problems_;
  ForeignCommands commands_;
};

}  // namespace

Loaded load_all(const LoadOptions& options) { return Loader(options).run(); }

Result<Config> load(const LoadOptions& options) {
  Loaded loaded = load_all(options);
  if (!loaded.problems.empty()) {
    return fail(to_error(loaded.problems));
  }
  return std::move(loaded.config);
}

}  // namespace oap::config
