/** Somebody with an active account. */
export type Person = {
  id: string;
  email: string;
  firstName: string;
  lastName: string;
  phoneNumber: string;
  /** Idle timeout in seconds. */
  sessionTimeout: number;
  roles: string[];
  /** Raised by each save of the profile. */
  version: number;
};
