import { ADMINISTRATOR_ROWS } from "./rows";
import { tryEach } from "./try-rows";

jest.setTimeout(3_600_000);

tryEach("administrators", ADMINISTRATOR_ROWS);
