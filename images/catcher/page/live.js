// Stands before maildev's own scripts in its page. The page asks for the mails once and then hears of each new one, so that it would never
// show a mail that comes while it loads, or while the connection is down: here it asks again.
"use strict";
{
  const connect = window.io;
  const page = () => window.angular.element(document.documentElement);
  const ask = () => page().injector().get("$rootScope").$emit("Refresh");
  window.io = (...options) => {
    const socket = connect(...options);
    socket.on("connect", ask);
    // What is pushed to a list that is still on its way is overwritten when it comes.
    socket.on("newMail", () => {
      const { items } = page().scope();
      if (items?.$resolved === false) items.$promise.then(ask);
    });
    return socket;
  };
}
