/** How long someone half signed in has for the second step, in seconds. */
export const HALF_SIGNED_IN_SECONDS = 15 * 60;

// The end is worked out when it is asked for, from the person's row and the database's own clock: so a changed
// timeout governs every session of that person at once, and replicas with different clocks agree.
// The organisation's ceilings cap longer choices without changing them.
export const IDLE_TIMEOUT = `case when s.stage <> 'signed-in' then ${HALF_SIGNED_IN_SECONDS}
  when 'administrator' = any(p.roles)
    then least(p.session_timeout, i.longest_session_timeout, i.longest_session_timeout_administrators)
  else least(p.session_timeout, i.longest_session_timeout) end`;
export const IDLE_END = `(s.last_active_at + make_interval(secs => ${IDLE_TIMEOUT}))`;
export const ABSOLUTE_END = "least(s.expire, s.started_at + make_interval(secs => i.absolute_lifetime))";
// Asked, like the end: whoever the policy or a new role requires to have a second factor enrols with their next click.
export const STAGE = `case when s.stage = 'signed-in' and not p.has_second_factor
  and (i.two_factor_policy = 'everyone' or i.two_factor_policy = 'administrators' and 'administrator' = any(p.roles))
  then 'enrolment' else s.stage end`;
// Half signed in, activity buys no time.
export const ALIVE = `(s.stage = 'signed-in' or s.started_at + interval '${HALF_SIGNED_IN_SECONDS} s' > clock_timestamp())
  and ${IDLE_END} > clock_timestamp() and ${ABSOLUTE_END} > clock_timestamp() and p.deactivated_at is null`;
