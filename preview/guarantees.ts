import { type Guarantee } from "../mesh";
import { bookstorePolicy } from "../mesh/osm/samples";
import { guaranteesOf } from "../mesh/policy";
import { bookstoreOf } from "../stacks";

/**
 * What has to hold in a stack, as the checkout says that this command belongs to: a pull request that drops a guarantee together
 * with what it guards against is told of it. None for a stack that is not defined here.
 */
export function guaranteesOfStack(stack: string): readonly Guarantee[] {
  const bookstore = bookstoreOf(stack);
  return bookstore === undefined ? [] : guaranteesOf(bookstorePolicy({ guarantees: bookstore.guarantees }));
}
