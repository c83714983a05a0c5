#include "expr/type.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "expr/lexer.hpp"
#include "text/strings.hpp"

namespace oap::expr {

namespace {

struct Named {
  std::string_view name;
  TypeKind kind;
  std::size_t params;
};

constexpr std::array<Named, 15> kNamed = {{
    {"dyn", TypeKind::kDyn, 0},
    {"null_type", TypeKind::kNull, 0},
    {"bool", TypeKind::kBool, 0},
    {"int", TypeKind::kInt, 0},
    {"uint", TypeKind::kUint, 0},
    {"double", TypeKind::kDouble, 0},
    {"string", TypeKind::kString, 0},
    {"bytes", TypeKind::kBytes, 0},
    {"google.protobuf.Timestamp", TypeKind::kTimestamp, 0},
    {"google.protobuf.Duration", TypeKind::kDuration, 0},
    {"list", TypeKind::kList, 1},
    {"map", TypeKind::kMap, 2},
    {"object", TypeKind::kObject, 0},
    {"type", TypeKind::kType, 1},
    {"optional_type", TypeKind::kOptional, 1},
}};

std::string_view name_of(TypeKind kind) {
  for (const Named& named : kNamed) {
    if (named.kind == kind) {
      return named.name;
    }
  }
  return "type";
}

class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : text_(text) {}

  Result<Type> run() {
    OAP_TRY(Type type, read(0));
    if (!text_.empty()) {
      return fail(Code::kInvalidArgument, "'{}' stands after the type", text_);
    }
    return type;
  }

 private:
  bool accept(char c) {
    text_ = text::trim(text_);
    if (text_.empty() || text_.front() != c) {
      return false;
    }
    text_ = text::trim(text_.substr(1));
    return true;
  }

  Result<Type> read(int depth) {
    text_ = text::trim(text_);
    std::size_t length = 0;
    while (length < text_.size() && (is_name_part(text_[length]) || text_[length] == '.')) {
      ++length;
    }
    std::string name(text_.substr(0, length));
    text_.remove_prefix(length);
    if (name.empty() || depth > 20) {
      return fail(Code::kInvalidArgument, "no type's name at '{}'", text_);
    }
    std::vector<Type> params;
    if (accept('<')) {
      do {
        OAP_TRY(Type param, read(depth + 1));
        params.push_back(std::move(param));
      } while (accept(','));
      if (!accept('>')) {
        return fail(Code::kInvalidArgument, "'>' is missing at '{}'", text_);
      }
    }
    return make(std::move(name), std::move(params));
  }

  static Result<Type> make(std::string name, std::vector<Type> params) {
    if (name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z') {
      return Type::param(std::move(name));
    }
    name = name == "timestamp"  ? "google.protobuf.Timestamp"
           : name == "duration" ? "google.protobuf.Duration"
           : name == "optional" ? "optional_type"
                                : name;
    for (const Named& named : kNamed) {
      if (named.name != name) {
        continue;
      }
      params.resize(params.empty() ? named.params : params.size());
      if (params.size() != named.params) {
        return fail(Code::kInvalidArgument, "'{}' has {} parameters", name, named.params);
      }
      return named.kind == TypeKind::kObject ? Type::object({}, true)
                                             : Type(named.kind, "", std::move(params));
    }
    return Type::opaque(std::move(name), std::move(params));
  }

  std::string_view text_;
};

}  // namespace

Type::Type(TypeKind kind, std::string name, std::vector<Type> params) {
  std::size_t depth = 1;
  bool variable = kind == TypeKind::kParam;
  for (const Type& param : params) {
    depth = std::max(depth, param.body_ == nullptr ? 2 : param.body_->depth + 1);
    variable = variable || param.has_variables();
  }
  if (kind == TypeKind::kDyn || depth > kMaxDepth) {
    return;
  }
  auto body = std::make_shared<Body>();
  body->depth = depth;
  body->has_variables = variable;
  body->kind = kind;
  body->name = std::move(name);
  body->params = std::move(params);
  body_ = std::move(body);
}

Type Type::object(std::map<std::string, Type, std::less<>> members, bool open) {
  auto body = std::make_shared<Body>();
  body->kind = TypeKind::kObject;
  body->members = std::move(members);
  body->open = open;
  Type out;
  out.body_ = std::move(body);
  return out;
}

Result<Type> Type::parse(std::string_view text) { return TypeReader(text).run(); }

const std::string& Type::name() const {
  static const std::string empty;
  return body_ == nullptr ? empty : body_->name;
}

const std::vector<Type>& Type::params() const {
  static const std::vector<Type> empty;
  return body_ == nullptr ? empty : body_->params;
}

const Type* Type::member(std::string_view name) const {
  if (body_ == nullptr) {
    return nullptr;
  }
  const auto found = body_->members.find(name);
  return found == body_->members.end() ? nullptr : &found->second;
}

std::vector<std::string> Type::member_names() const {
  std::vector<std::string> names;
  if (body_ != nullptr) {
    for (const auto& [name, type] : body_->members) {
      names.push_back(name);
    }
  }
  return names;
}

bool Type::operator==(const Type& other) const {
  if (body_ == other.body_) {
    return true;
  }
  if (body_ == nullptr || other.body_ == nullptr) {
    return false;
  }
  return body_->kind == other.body_->kind && body_->name == other.body_->name &&
         body_->open == other.body_->open && body_->params == other.body_->params &&
         body_->members == other.body_->members;
}

std::string to_string(const Type& type) {
  if (type.is(TypeKind::kObject)) {
    std::string out = "{";
    for (const std::string& name : type.member_names()) {
      out +=
          fmt::format("{}{}: {}", out.size() > 1 ? ", " : "", name, to_string(*type.member(name)));
    }
    return out + (type.open() ? (out.size() > 1 ? ", …}" : "…}") : "}");
  }
  const bool named = type.is(TypeKind::kOpaque) || type.is(TypeKind::kParam);
  std::string out = named ? type.name() : std::string(name_of(type.kind()));
  for (std::size_t i = 0; i < type.params().size(); ++i) {
    out += fmt::format("{}{}", i == 0 ? "<" : ", ", to_string(type.param(i)));
  }
  return out + (type.params().empty() ? "" : ">");
}

const Type* type_by_name(std::string_view name) {
  static const auto* const types = [] {
    auto* all = new std::map<std::string, Type, std::less<>>();
    for (const Named& named : kNamed) {
      if (named.kind != TypeKind::kDyn && named.kind != TypeKind::kObject) {
        all->emplace(named.name, Type(named.kind, "", std::vector<Type>(named.params)));
      }
    }
    all->emplace("net.IP", Type::opaque("net.IP"));
    all->emplace("net.CIDR", Type::opaque("net.CIDR"));
    return all;
  }();
  const auto found = types->find(name);
  return found == types->end() ? nullptr : &found->second;
}

}  // namespace oap::expr
