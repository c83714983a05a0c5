#include "expr/environment.hpp"

namespace oap::expr {

std::uint32_t Environment::add_variable(std::string name, Type type) {
  const auto [place, fresh] =
      slots_.emplace(std::move(name), static_cast<std::uint32_t>(variables_.size()));
  if (fresh) {
    variables_.push_back({place->first, std::move(type)});
  } else {
    variables_[place->second].type = std::move(type);
  }
  return place->second;
}

Result<void> Environment::add_function(std::string_view signature,
                                       std::function<Value(Args)> function) {
  auto copy = std::make_shared<Library>(*own_);
  OAP_TRY(FunctionEntry* const entry, copy->add(signature));
  entry->custom = std::move(function);
  own_ = std::move(copy);
  return {};
}

std::optional<std::uint32_t> Environment::slot(std::string_view name) const {
  const auto found = slots_.find(name);
  if (found != slots_.end()) {
    return found->second;
  }
  if (source_ == nullptr) {
    return std::nullopt;
  }
  std::optional<Type> type = source_->type_of(name);
  if (!type) {
    return std::nullopt;
  }
  const auto slot = static_cast<std::uint32_t>(variables_.size());
  slots_.emplace(std::string(name), slot);
  variables_.push_back({std::string(name), *std::move(type)});
  return slot;
}

const FunctionEntry* Environment::function(std::string_view name, bool method) const {
  const FunctionEntry* own = own_->find(name, method);
  return own != nullptr ? own : Library::standard().find(name, method);
}

std::vector<std::string> Environment::function_names(bool method) const {
  std::vector<std::string> names = Library::standard().names(method);
  for (std::string& name : own_->names(method)) {
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> Environment::candidates(std::string_view name) const {
  if (name.starts_with('.')) {
    return {std::string(name.substr(1))};
  }
  std::vector<std::string> out;
  for (std::string_view around = container_; !around.empty();) {
    out.push_back(std::string(around) + "." + std::string(name));
    const std::size_t dot = around.rfind('.');
    around = dot == std::string_view::npos ? "" : around.substr(0, dot);
  }
  out.emplace_back(name);
  return out;
}

}  // namespace oap::expr
