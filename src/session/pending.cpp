#include "session/pending.hpp"

#include "base/check.hpp"

namespace ron::session {

bool Pending::add(Ticket ticket, Instant deadline) {
  const auto [at, fresh] = tickets_.try_emplace(ticket, Entry{deadline, 0});
  if (!fresh) return false;
  if (!deadline.is_never()) order_.emplace(deadline, ticket);
  return true;
}

void Pending::sent(Ticket ticket, CorrId corr) {
  const auto at = tickets_.find(ticket);
  RON_CHECK(at != tickets_.end() && at->second.corr == 0);
  at->second.corr = corr;
  RON_CHECK(corrs_.try_emplace(corr, ticket).second);
}

void Pending::unsent(Ticket ticket) {
  const auto at = tickets_.find(ticket);
  if (at == tickets_.end() || at->second.corr == 0) return;
  corrs_.erase(at->second.corr);
  at->second.corr = 0;
}

Pending::Answered Pending::answered(CorrId corr) {
  const auto at = corrs_.find(corr);
  if (at == corrs_.end()) return {};
  const Ticket ticket = at->second;
  corrs_.erase(at);
  if (ticket != 0) erase(tickets_.find(ticket));
  return {true, ticket};
}

Pending::GivenUp Pending::give_up(Ticket ticket) {
  const auto at = tickets_.find(ticket);
  if (at == tickets_.end()) return {};
  const CorrId corr = at->second.corr;
  if (corr != 0) corrs_[corr] = 0;
  erase(at);
  return {true, corr != 0};
}

std::optional<Ticket> Pending::due(Instant now) const {
  if (order_.empty() || order_.begin()->first > now) return std::nullopt;
  return order_.begin()->second;
}

std::vector<Ticket> Pending::session_lost() {
  std::vector<Ticket> lost;
  for (const auto& [corr, ticket] : corrs_) {
    if (ticket == 0) continue;
    lost.push_back(ticket);
    erase(tickets_.find(ticket));
  }
  corrs_.clear();
  return lost;
}

std::vector<Ticket> Pending::clear() {
  std::vector<Ticket> all;
  all.reserve(tickets_.size());
  for (const auto& [ticket, entry] : tickets_) all.push_back(ticket);
  tickets_.clear();
  corrs_.clear();
  order_.clear();
  return all;
}

void Pending::erase(std::map<Ticket, Entry>::iterator at) {
  RON_CHECK(at != tickets_.end());
  order_.erase({at->second.deadline, at->first});
  tickets_.erase(at);
}

}  // namespace ron::session
