#include "mcp/server/quota.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace oap::mcp {

struct Quota::Books {
  std::unordered_map<std::string, std::size_t> held;
  std::size_t taken = 0;
};

Quota::Quota(std::string what, std::size_t places)
    : what_(std::move(what)), places_(places), books_(std::make_shared<Books>()) {}

void Quota::Place::give_back() {
  if (entry_ == nullptr) {
    return;
  }
  --books_->taken;
  if (--entry_->second == 0) {
    books_->held.erase(books_->held.find(entry_->first));
  }
  entry_ = nullptr;
}

tl::expected<Quota::Place, Quota::NoPlace> Quota::take(const std::string& holder) {
  if (books_->taken >= places_) {
    return tl::unexpected<NoPlace>(
        NoPlace{false, fmt::format("this server holds as many {} as it can, {}; try again later",
                                   what_, places_)});
  }
  const std::size_t share = std::max<std::size_t>(places_ / 4, 1);
  const bool scarce = books_->taken >= (places_ + 1) / 2;
  if (!holder.empty() && scarce && held_by(holder) >= share) {
    return tl::unexpected<NoPlace>(
        NoPlace{true, fmt::format("more than half of this server's {} {} are taken, and nobody may "
                                  "hold more than {} then; end some of yours, or try again later",
                                  places_, what_, share)});
  }
  auto& entry = *books_->held.try_emplace(holder, 0).first;
  ++entry.second;
  ++books_->taken;
  return Place(books_, &entry);
}

std::size_t Quota::taken() const { return books_->taken; }

std::size_t Quota::held_by(const std::string& holder) const {
  const auto found = books_->held.find(holder);
  return found == books_->held.end() ? 0 : found->second;
}

}  // namespace oap::mcp
